import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type axe from 'axe-core'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { settings } from './scenes.ts'
import { useStage } from './stage.ts'

const axeSource = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

const wide = { width: 1440, height: 900 }
const narrow = { width: 360, height: 740 }
/** Of axe's rules only these depend on colours, and need to be asked a second time in the dark. */
const colourRules = ['color-contrast', 'link-in-text-block']

const looks = [
  { name: 'light, narrow', colorScheme: 'light', viewport: narrow, rules: undefined },
  { name: 'dark, wide', colorScheme: 'dark', viewport: wide, rules: colourRules },
] as const

/** What axe says of the page, light and dark, wide and narrow; and whether a narrow screen must scroll sideways. */
async function faults(page: Page): Promise<string[]> {
  const found: string[] = []
  // Once for both looks: to read it costs the browser more than to run it.
  await page.evaluate(axeSource)
  for (const { name, colorScheme, viewport, rules } of looks) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize(viewport)
    const options: axe.RunOptions = { ...(rules && { runOnly: [...rules] }), resultTypes: ['violations'] }
    const { violations } = await page.evaluate(
      (asked) => (globalThis as unknown as { axe: typeof axe }).axe.run(asked),
      options,
    )
    for (const { id, nodes } of violations) {
      found.push(...nodes.map(({ target }) => `${name}: ${id} at ${target.join(' ')}`))
    }
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    if (width > viewport.width) found.push(`${name}: the page is ${width} px wide`)
  }
  return found
}

describe.each(settings)('$title: light and dark, wide and narrow, axe finds no fault in', (setting) => {
  const stage = useStage(setting.options)
  beforeAll(() => setting.prepare?.(stage))

  const scenes = Object.values(setting.scenes).filter(({ alike }) => !alike)
  it.each(scenes)('$title', async ({ way, heading, browser }) => {
    const page = await stage.visit(browser)
    await way(page, stage)
    await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor()
    expect(await faults(page)).toEqual([])
  })
})
