import { describe, expect, it } from 'vitest'
import { address, buttonText, continueAs, providers, seen, signIn, signInFrom, useStage } from './stage.ts'

describe('a newcomer in a real browser', () => {
  const stage = useStage()

  it.each(providers)(
    'presses the button of %s, says who they are, and sees their buckets and their access',
    async (provider) => {
      const page = await stage.visit()
      await signIn(page, provider)

      expect(page.url()).toMatch(/\/s3\/#?$/)
      const text = await seen(page)
      expect(text).toContain('Hello, Ada Example')
      expect(text).toContain('analytics-landing-zone')
      expect(text).toContain('eu-central-1')
      expect(text).toContain('11 buckets')
      expect(text).toContain(`web-identity-${provider}`)
      expect(text).toMatch(/Access left\s+(59 minutes|1 hour)/)
      const accessKeyId = /\bASIA[A-Z0-9]{16}\b/.exec(text)?.[0]
      expect(accessKeyId).toBeDefined()
      expect(await page.getByRole('definition').filter({ hasText: /^ASIA/ }).textContent()).toBe(accessKeyId)
    },
  )

  it.each(providers)('is shown no secret, token or code after signing in with %s', async (provider) => {
    const page = await stage.visit()
    await signIn(page, provider)

    const html = await page.content()
    const stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))
    const cookies = await page.context().cookies(stage.url)
    expect(stored).toBe('{}')
    expect(cookies.map(({ name }) => name)).toContain('session')
    expect(cookies.filter(({ name }) => name.includes('attempt'))).toEqual([])
    for (const cookie of cookies) expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' })
    const session = stage.sandbox.sessions.find(/ASIA\w{16}/.exec(html)?.[0] ?? '')
    expect(session?.secretAccessKey).toMatch(/^.{40}$/)
    expect(html).not.toContain(session?.secretAccessKey)
    // Each longer than the form's own token, in which chance may write the beginning of anything.
    expect(html).not.toMatch(/Atza\||(FwoG|IQoJ|EAA|eyJ)[\w+/-]{20}|ya29\.|[?&]code=|[?&]state=/)
  })

  it('sees the picture that the provider has of them', async () => {
    const page = await stage.visit()
    await signIn(page, 'google')
    const width = await page
      .locator('.portrait img')
      .evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth))
    expect(width).toBeGreaterThan(0)
  })

  it("loses Facebook's #_=_ on the way", async () => {
    const page = await stage.visit()
    await signIn(page, 'facebook')
    expect(address(page).replace(/#$/, '')).toBe('/s3/')
    expect(await page.evaluate(() => location.hash)).toBe('')
  })

  it('comes back to the page that they first asked for', async () => {
    const page = await stage.visit()
    await page.goto('/s3/?first=1&from=a%20bookmark')
    expect(new URL(page.url()).pathname).toBe('/')
    await signInFrom(page, 'google')
    expect(address(page)).toBe('/s3/?first=1&from=a%20bookmark')
  })

  it('signs in with two providers in two tabs at once', async () => {
    const one = await stage.visit()
    const other = await one.context().newPage()
    await one.goto('/')
    await other.goto('/')
    await one.getByRole('link', { name: buttonText.amazon }).click()
    await other.getByRole('link', { name: buttonText.google }).click()
    await continueAs(one)
    expect(await seen(one)).toContain('web-identity-amazon')
    await continueAs(other)
    expect(await seen(other)).toContain('web-identity-google')
  })
})
