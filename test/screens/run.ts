import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { launchChromium } from '../browser/chromium.ts'
import { type Scene, type Setting, settings } from '../browser/scenes.ts'
import { Stage } from '../browser/stage.ts'
import { smallPng } from './small-png.ts'
import { stopClock } from './stopped-clock.ts'
import { withoutChance } from './without-chance.ts'

/** `npm run screens [name …]`: pictures of every page in every state, and an index of them, in `docs/screens/`. */

const folder = join(import.meta.dirname, '..', '..', 'docs', 'screens')

/** CSS pixels. What is longer than `tallest` is cut off: a picture of 200 rows would say no more. */
const looks = [
  { name: 'wide', width: 1280, height: 800, tallest: 800, colorScheme: 'light' },
  { name: 'narrow', width: 360, height: 740, tallest: 800, colorScheme: 'light' },
  { name: 'dark', width: 1280, height: 800, tallest: 800, colorScheme: 'dark' },
] as const

const pictureName = (scene: string, look: string) => `${scene}-${look}.png`

/** Takes the page as it is, from its top, in every look. */
async function takePictures(page: Page, scene: string): Promise<void> {
  await page.evaluate(withoutChance)
  for (const { name, width, height, tallest, colorScheme } of looks) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width, height })
    const whole = await page.evaluate(() => document.documentElement.scrollHeight)
    const clip = { x: 0, y: 0, width, height: Math.min(Math.max(whole, height), tallest) }
    const picture = await page.screenshot({ fullPage: true, clip, caret: 'hide', animations: 'disabled' })
    writeFileSync(join(folder, pictureName(scene, name)), smallPng(picture))
  }
}

async function visit(stage: Stage, [name, { way, heading, browser }]: [string, Scene]): Promise<void> {
  const page = await stage.visit(browser)
  await way(page, stage)
  await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor()
  await page.waitForLoadState('load')
  await takePictures(page, name)
  const complaints = await stage.endVisits()
  if (complaints.length > 0) throw new Error(`${name}: ${complaints.join('; ')}`)
}

const index = (): string =>
  [
    '# Every page, in every state',
    '',
    'Made by `npm run screens`, against the sandbox. Do not edit.',
    ...settings.flatMap(({ title, scenes }) => [
      '',
      `## ${title}`,
      ...Object.entries(scenes).flatMap(([name, scene]) => [
        '',
        `### ${scene.title[0]?.toUpperCase()}${scene.title.slice(1)}`,
        '',
        looks
          .map(
            (look) =>
              `<img src="${pictureName(name, look.name)}" height="320" alt="${scene.title}, ${look.name}">`,
          )
          .join('\n'),
      ]),
    ]),
    '',
  ].join('\n')

async function run(wanted: string[]): Promise<void> {
  const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name)
  mkdirSync(folder, { recursive: true })
  if (wanted.length === 0) for (const file of readdirSync(folder)) rmSync(join(folder, file))
  const browser = await launchChromium()
  try {
    for (const setting of settings) await playSetting(setting, isWanted, browser.wsEndpoint())
  } finally {
    await browser.close()
  }
  writeFileSync(join(folder, 'README.md'), index())
}

async function playSetting(
  { options, prepare, scenes }: Setting,
  isWanted: (name: string) => boolean,
  chromiumEndpoint: string,
): Promise<void> {
  const played = Object.entries(scenes).filter(([name]) => isWanted(name))
  if (played.length === 0) return
  const stage = new Stage(options)
  await stage.open(chromiumEndpoint)
  try {
    await prepare?.(stage)
    for (const scene of played) await visit(stage, scene)
  } finally {
    await stage.close()
  }
}

stopClock('2026-11-25T09:41:00Z')
await run(process.argv.slice(2))
