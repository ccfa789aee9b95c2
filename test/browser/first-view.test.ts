import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { Page, Response } from 'playwright-core'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { demoPermissionPolicy, seedDemoAccount } from '../../sandbox/demo-account.ts'
import { signIn, useStage } from './stage.ts'

const stage = useStage({ permissionPolicy: demoPermissionPolicy })
beforeAll(() => seedDemoAccount(stage.sandbox.s3))

/** Everything that comes while `way` is walked in an empty browser. */
async function answersOn(page: Page, way: (page: Page) => Promise<unknown>): Promise<Response[]> {
  const answers: Response[] = []
  page.on('response', (response) => answers.push(response))
  await way(page)
  await page.waitForLoadState('networkidle')
  return answers
}

/** Bytes of the bodies, packed as a proxy would. */
async function weight(answers: Response[]): Promise<number> {
  const bodies = await Promise.all(answers.map((answer) => answer.body()))
  return bodies.reduce((bytes, body) => bytes + gzipSync(body).length, 0)
}

describe('the first view of a newcomer', () => {
  it.each(['/', '/explained', '/privacy'])('weighs less than 30 kB in a few requests: %s', async (path) => {
    const page = await stage.visit()
    const answers = await answersOn(page, (page) => page.goto(path))
    expect(answers.length).toBeLessThanOrEqual(8)
    expect(answers.map((answer) => answer.status())).toEqual(answers.map(() => 200))
    expect(await weight(answers)).toBeLessThan(30_000)
  })

  it('asks for what every page needs once: the next page is HTML alone', async () => {
    const page = await stage.visit()
    await page.goto('/')
    await page.waitForLoadState('networkidle')
    const before = stage.application.log.length
    await page.goto('/privacy')
    await page.waitForLoadState('networkidle')
    const asked = stage.application.log.slice(before).filter(({ msg }) => msg === 'request')
    expect(asked.map(({ path }) => path)).toEqual(['/privacy'])
  })
})

/** A way to the application on which pages arrive as over a slow line: a few elements at a time, then nothing. */
async function slowLine(): Promise<{ origin: string; close: () => void }> {
  const { protocol, hostname } = new URL(stage.url)
  const server = createServer(({ url = '/', headers }, res) => {
    request(new URL(url, stage.url), { headers }, async (answer) => {
      res.writeHead(answer.statusCode ?? 0, answer.headers)
      const page = await buffer(answer)
      const isPage = answer.headers['content-type']?.startsWith('text/html')
      const pieceBytes = isPage ? 400 : page.length
      for (let at = 0; at < page.length; at += pieceBytes) {
        res.write(page.subarray(at, at + pieceBytes))
        if (isPage) await pause(20)
      }
      res.end()
    }).end()
  })
  await new Promise<void>((listening) => server.listen(0, hostname, listening))
  const { port } = server.address() as AddressInfo
  return { origin: `${protocol}//${hostname}:${port}`, close: () => server.close() }
}

/** How much the page has moved under its reader's eyes. */
const shift = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    let sum = 0
    const observer = new PerformanceObserver((list) => {
      for (const move of list.getEntries()) sum += (move as unknown as { value: number }).value
    })
    observer.observe({ type: 'layout-shift', buffered: true })
    for (const _ of [1, 2, 3]) await new Promise(requestAnimationFrame)
    return sum
  })

it('a page that moves would be noticed', async () => {
  const page = await stage.visit()
  await page.goto('/')
  await page.evaluate(() => {
    const late = document.createElement('p')
    late.style.height = '200px'
    document.querySelector('main')?.prepend(late)
  })
  await expect.poll(() => shift(page)).toBeGreaterThan(0)
})

describe.each([
  { name: 'wide', viewport: { width: 1280, height: 800 } },
  { name: 'narrow', viewport: { width: 360, height: 740 } },
])('no page moves while it loads, $name:', ({ viewport }) => {
  it('of those of somebody who is signed in, and of the others, however slowly it comes', async () => {
    const page = await stage.visit({ viewport })
    await signIn(page, 'google')
    const line = await slowLine()
    onTestFinished(line.close)
    const shifts: Record<string, number> = {}
    for (const path of ['/', '/explained', '/flow', '/nowhere', '/s3/', '/s3/ada-field-notes/']) {
      await page.goto(line.origin + path)
      await page.waitForLoadState('networkidle')
      shifts[path] = await shift(page)
    }
    expect(shifts).toEqual(Object.fromEntries(Object.keys(shifts).map((path) => [path, 0])))
  })

  it('nor when the minutes left take more or less room', async () => {
    const page = await stage.visit({ viewport })
    await signIn(page, 'google')
    for (const path of ['/s3/', '/s3/ada-field-notes/']) {
      await page.goto(path)
      await page.waitForLoadState('networkidle')
      await page.evaluate(async () => {
        for (const text of ['1 hour', '59 minutes', '9 minutes']) {
          for (const words of document.querySelectorAll('[data-until]')) words.textContent = text
          for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame)
        }
      })
      expect(await shift(page), path).toBe(0)
    }
  })
})

describe('a narrow screen', () => {
  it('sorts the buckets by links that can be seen', async () => {
    const page = await stage.visit({ viewport: { width: 360, height: 740 } })
    await signIn(page)
    const created = page.getByRole('columnheader', { name: 'Created' }).getByRole('link')
    const box = await created.boundingBox()
    expect(box?.height).toBeGreaterThanOrEqual(24)
    await created.click()
    await page.getByRole('columnheader', { name: 'Created' }).and(page.locator('[aria-sort]')).waitFor()
    expect(await page.getByRole('rowheader').first().textContent()).toBe('website-static')
  })

  it('shows above the list how long the access lasts', async () => {
    const page = await stage.visit({ viewport: { width: 360, height: 740 } })
    await signIn(page)
    const left = await page.locator('[data-until]:visible').boundingBox()
    const list = await page.getByRole('table').boundingBox()
    expect(left?.y).toBeLessThan(list?.y ?? 0)
  })
})
