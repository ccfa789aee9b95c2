import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { demoPermissionPolicy, seedDemoAccount } from '../../sandbox/demo-account.ts'
import { signIn, useStage } from './stage.ts'

const stage = useStage({ permissionPolicy: demoPermissionPolicy })
beforeAll(() => seedDemoAccount(stage.sandbox.s3))

const paths = [
  '/',
  '/explained',
  '/privacy',
  '/flow',
  '/nowhere',
  '/s3/',
  '/s3/ada-field-notes/',
  '/signed-out',
]

/** What of the page can only be read by scrolling sideways, or not at all. */
const lost = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const width = document.documentElement.clientWidth
    const wide = document.documentElement.scrollWidth
    const clipped = [...document.querySelectorAll<HTMLElement>('body *')].filter((element) => {
      const { overflowX, clipPath } = getComputedStyle(element)
      const isText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim())
      return (
        isText && clipPath === 'none' && overflowX !== 'visible' && element.scrollWidth > element.clientWidth
      )
    })
    return [
      ...(wide > width ? [`the page is ${wide} px wide on ${width}`] : []),
      ...clipped.map((element) => `cut off: ${element.outerHTML.slice(0, 100)}`),
    ]
  })

// WCAG 2.2, 1.4.4 (Resize Text) and 1.4.10 (Reflow), on a screen of 1280 by 1024.
describe.each([
  { zoom: '200 %', viewport: { width: 640, height: 512 }, deviceScaleFactor: 2, text: '100%' },
  { zoom: '400 %', viewport: { width: 320, height: 256 }, deviceScaleFactor: 4, text: '100%' },
  {
    zoom: '200 % of the text alone',
    viewport: { width: 1280, height: 1024 },
    deviceScaleFactor: 1,
    text: '200%',
  },
])('at $zoom', ({ viewport, deviceScaleFactor, text }) => {
  it('every page is read without scrolling sideways, and nothing is cut off', async () => {
    const page = await stage.visit({ viewport, deviceScaleFactor })
    await signIn(page, 'google')
    const found: Record<string, string[]> = {}
    for (const path of paths) {
      await page.goto(path)
      await page.evaluate((size) => document.documentElement.style.setProperty('font-size', size), text)
      found[path] = await lost(page)
    }
    expect(found).toEqual(Object.fromEntries(paths.map((path) => [path, []])))
  })
})
