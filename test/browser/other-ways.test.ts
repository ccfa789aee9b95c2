import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { address, buttonText, continueAs, providers, seen, signIn, useStage } from './stage.ts'

/** Text, or else the name, of what has the keyboard's focus. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => document.activeElement?.textContent?.trim().replace(/\s+/g, ' ') ?? '')

/** Presses Tab until what has the focus reads `text`, at most `most` times. Returns what was passed on the way. */
async function tabTo(page: Page, text: string, most = 12): Promise<string[]> {
  const passed: string[] = []
  for (let presses = 0; presses < most; presses += 1) {
    await page.keyboard.press('Tab')
    const name = await focused(page)
    if (name === text) return passed
    passed.push(name)
  }
  throw new Error(`Tab never came to "${text}", only to ${passed.join(', ')}`)
}

/** Whether the focus can be seen: an outline or a shadow around what has it. */
const focusIsVisible = (page: Page): Promise<boolean> =>
  page.evaluate(() => {
    const style = getComputedStyle(document.activeElement ?? document.body)
    return style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) >= 2
  })

describe('with scripts off', () => {
  const stage = useStage()

  it.each(providers)('the whole way through %s and out again works', async (provider) => {
    const page = await stage.visit({ javaScriptEnabled: false })
    await signIn(page, provider)
    expect(await seen(page)).toContain('analytics-landing-zone')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { level: 1, name: 'You are signed out' }).waitFor()
    await page.getByRole('link', { name: 'Sign in again' }).click()
    expect(address(page)).toBe('/')
  })
})

describe('with the keyboard only', () => {
  const stage = useStage()

  it('the whole way in and out works, and the focus can be seen at every stop', async () => {
    const page = await stage.visit()
    await page.goto('/')
    expect(await tabTo(page, buttonText.amazon)).toEqual(['Skip to content', 'Web Identity Federation'])
    expect(await focusIsVisible(page)).toBe(true)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor()
    await tabTo(page, 'Continue as Ada Example')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Hello, Ada Example' }).waitFor()

    await tabTo(page, 'Your buckets')
    expect(await focusIsVisible(page)).toBe(true)
    await tabTo(page, 'Sign out')
    expect(await focusIsVisible(page)).toBe(true)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'You are signed out' }).waitFor()
    await tabTo(page, 'Sign in again')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 2, name: 'Sign in', exact: true }).waitFor()
  })

  it('the skip link comes first, can be seen, and leads past the header', async () => {
    const page = await stage.visit()
    await page.goto('/')
    await continueAsAda(page)
    await page.keyboard.press('Tab')
    expect(await focused(page)).toBe('Skip to content')
    const box = await page.getByRole('link', { name: 'Skip to content' }).boundingBox()
    expect(box?.height).toBeGreaterThanOrEqual(24)
    expect(await focusIsVisible(page)).toBe(true)
    await page.keyboard.press('Enter')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('content')
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('prefix')
  })

  it('a provider that is switched off is passed over', async () => {
    const page = await stage.visit()
    await page.goto('/')
    await page
      .getByRole('link', { name: buttonText.facebook })
      .evaluate((link) => link.removeAttribute('href'))
    expect(await tabTo(page, 'privacy')).not.toContain(buttonText.facebook)
  })
})

async function continueAsAda(page: Page): Promise<void> {
  await page.getByRole('link', { name: buttonText.amazon }).click()
  await continueAs(page)
}
