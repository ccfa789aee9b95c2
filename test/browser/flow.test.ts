import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { answerWith } from '../../sandbox/faults.ts'
import { address, buttonText, providers, seen, signIn, useStage } from './stage.ts'

const widthOf = (page: Page): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth)

/** The drawing that can be seen. */
const drawing = (page: Page) => page.locator('.flow-drawing:visible')

/** The smallest letters of the drawing that can be seen, in CSS pixels. */
const smallestText = (page: Page): Promise<number> =>
  drawing(page).evaluate((svg: SVGSVGElement) => {
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width
    const sizes = [...svg.querySelectorAll('text')].map((text) =>
      Number.parseFloat(getComputedStyle(text).fontSize),
    )
    return Math.min(...sizes) * scale
  })

describe('the page of the flow', () => {
  const stage = useStage()

  it('is found on the login page, and leads by a sign-in to one’s own receipt', async () => {
    const page = await stage.visit()
    await page.goto('/')
    await page.getByRole('link', { name: 'Leg by leg' }).click()
    await page.getByRole('heading', { level: 1, name: 'How signing in works' }).waitFor()
    await page.getByRole('link', { name: 'Sign in and see your own' }).click()
    await page.getByRole('link', { name: buttonText.google }).click()
    await page.getByRole('button', { name: 'Continue as Ada Example' }).click()
    await page.getByRole('heading', { level: 1, name: 'How you were signed in' }).waitFor()
    expect(address(page)).toBe('/flow')
  })

  it.each(providers)(
    'tells after a sign-in with %s, with scripts off, of each leg in order',
    async (provider) => {
      const page = await stage.visit({ javaScriptEnabled: false })
      await signIn(page, provider)
      await page.getByRole('link', { name: 'The sign-in, leg by leg' }).click()
      const legs = page
        .getByRole('list')
        .filter({ has: page.getByRole('heading', { level: 3 }) })
        .first()
      const titles = await legs.getByRole('heading', { level: 3 }).allTextContents()
      expect(titles.map((title) => title.trim().slice(0, 1))).toEqual(['1', '2', '3', '4', '5', '6'])
      const details = page.getByText('AssumeRoleWithWebIdentity', { exact: true })
      await details.click()
      expect(await seen(page)).toContain('web-identity-')
      expect(await seen(page)).toMatch(/WebIdentityToken\s+[\d,]+ characters, fingerprint [0-9a-f]{10}/)
    },
  )

  it.each([
    ['wide', 1280],
    ['as wide as a phone', 360],
  ])('has one picture that can be read when it is %s, and never scrolls sideways', async (_how, width) => {
    const page = await stage.visit({ viewport: { width, height: 800 } })
    await signIn(page)
    await page.goto('/flow')
    expect(await drawing(page).count()).toBe(1)
    expect(await smallestText(page)).toBeGreaterThan(8.5)
    for (const one of await page.locator('details').all()) await one.locator('summary').click()
    expect(await widthOf(page)).toBe(width)
  })

  it('is opened and read with the keyboard alone', async () => {
    const page = await stage.visit()
    await signIn(page)
    await page.goto('/flow')
    const summary = page.locator('summary').first()
    for (let presses = 0; presses < 15; presses += 1) {
      if (await summary.evaluate((one) => one === document.activeElement)) break
      await page.keyboard.press('Tab')
    }
    expect(await summary.evaluate((one) => one === document.activeElement)).toBe(true)
    await page.keyboard.press('Enter')
    expect(await page.locator('details').first().getAttribute('open')).toBe('')
  })

  it('prints what is folded on the screen', async () => {
    const page = await stage.visit()
    await signIn(page)
    await page.goto('/flow')
    const field = page.getByText('code_challenge_method').first()
    expect(await field.isVisible()).toBe(false)
    await page.emulateMedia({ media: 'print' })
    expect(await field.isVisible()).toBe(true)
    expect(await page.getByRole('button', { name: 'Sign out' }).isVisible()).toBe(false)
  })

  it('downloads the receipt', async () => {
    const page = await stage.visit()
    await signIn(page)
    await page.goto('/flow')
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download as JSON' }).click()
    expect((await download).suggestedFilename()).toBe('sign-in.json')
  })

  it('has in other words the same on the page of a failure', async () => {
    const page = await stage.visit({ viewport: { width: 360, height: 800 } })
    stage.sandbox.sts.faults.plan(
      '/',
      answerWith(403, '<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>', {
        'content-type': 'text/xml',
      }),
    )
    await page.goto('/')
    await page.getByRole('link', { name: buttonText.amazon }).click()
    await page.getByRole('button', { name: 'Continue as Ada Example' }).click()
    await page.getByText('How far the sign-in came').click()
    const text = await seen(page)
    expect(text).toContain('5. AWS STS lends you a role')
    expect(text).toContain('Whoever administers the AWS account')
    expect(await widthOf(page)).toBe(360)
  })
})
