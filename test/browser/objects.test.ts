import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, it } from 'vitest'
import { demoHome, demoPermissionPolicy, seedDemoAccount } from '../../sandbox/demo-account.ts'
import { delay } from '../../sandbox/faults.ts'
import { address, signIn, useStage } from './stage.ts'

const stage = useStage({ permissionPolicy: demoPermissionPolicy, environment: { S3_HOME: demoHome } })
beforeAll(() => seedDemoAccount(stage.sandbox.s3))

describe('the files of a bucket', () => {
  it.each([
    [
      'a/../b',
      'drafts/',
      '.. (literally)/',
      'not what it seems.txt',
      'S3 has no folders: this is just a key.\n',
    ],
    ['a name in every script', '', '2026/', 'naïve – 数 – заметки.txt', 'In every script.\n'],
  ])('are walked to and saved under their names: %s', async (_title, from, folder, name, content) => {
    const page = await stage.visit()
    await signIn(page)
    await page.getByRole('link', { name: 'ada-field-notes' }).click()
    if (from) await page.getByRole('link', { name: from, exact: true }).click()
    await page.getByRole('link', { name: folder, exact: true }).click()
    const before = address(page)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name }).click(),
    ])
    expect(download.suggestedFilename()).toBe(name)
    expect(await text(await download.createReadStream())).toBe(content)
    expect(address(page)).toBe(before)
  })

  it('are saved whole, under a name that misleads nobody', async () => {
    const names = {
      '100% + more & less#.txt': '100% + more & less#.txt',
      '//no folder has a name': 'no folder has a name',
      '..': 'download',
      'photo\u202Egpj.exe': 'photo_gpj.exe',
      'a slash at the end/': 'a slash at the end',
      ['ü'.repeat(512)]: 'ü'.repeat(512),
    }
    for (const key of Object.keys(names))
      await stage.sandbox.s3.seed({ bucket: 'media-thumbnails', key, body: key })
    const page = await stage.visit()
    await signIn(page)
    const saved: Record<string, string> = {}
    for (const key of Object.keys(names)) {
      const folder = `/s3/media-thumbnails/?${new URLSearchParams({ prefix: key.slice(0, key.lastIndexOf('/') + 1) })}`
      if (address(page) !== folder) await page.goto(folder)
      const href = `/s3/media-thumbnails/download?${new URLSearchParams({ key })}`
      const link = page.locator(`a[href=${JSON.stringify(href)}]`)
      const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
      saved[await text(await download.createReadStream())] = download.suggestedFilename()
    }
    expect(saved).toEqual(names)
  })

  it('never run on our origin', async () => {
    const page = await stage.visit()
    await signIn(page)
    await page.goto('/s3/website-static/')
    const link = page.getByRole('link', { name: 'index.html' })
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
    expect(download.suggestedFilename()).toBe('index.html')
    expect(address(page)).toBe('/s3/website-static/')
  })

  it('are reached with the keyboard alone and scripts off', async () => {
    const page = await stage.visit({ javaScriptEnabled: false })
    await signIn(page)
    await page.getByRole('link', { name: 'My files' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Welcome, Ada Example.txt' }).focus()
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')])
    expect(download.suggestedFilename()).toBe('Welcome, Ada Example.txt')
  })

  it('say that they are on their way when S3 takes its time, and back shows no such word', async () => {
    const page = await stage.visit()
    await signIn(page)
    stage.sandbox.s3.faults.plan('/ada-field-notes/', delay(1_500))
    const said = page.evaluate(() => {
      const busy = document.getElementById('busy') as HTMLElement
      return new Promise((resolve) => {
        new MutationObserver(() => resolve(busy.textContent)).observe(busy, { childList: true })
      })
    })
    await page.getByRole('link', { name: 'ada-field-notes' }).click()
    expect(await said).toBe('Working on it…')
    await page.getByRole('heading', { level: 1, name: 'ada-field-notes' }).waitFor()
    await page.goBack()
    await page.getByRole('heading', { level: 1, name: 'Hello' }).waitFor()
    expect(await page.getByText('Working on it…').count()).toBe(0)
  })

  it('say that the download is about to begin, for a while', async () => {
    const page = await stage.visit()
    await page.clock.install()
    await signIn(page)
    await page.goto('/s3/ada-field-notes/')
    const word = page.getByText('Your download is about to begin…')
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'README.txt' }).click()
    await download
    await page.clock.fastForward(400)
    await word.waitFor()
    await page.clock.fastForward(4_000)
    expect(await word.count()).toBe(0)
  })
})
