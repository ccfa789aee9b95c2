import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { ada } from '../application.ts'
import { address, buttonText, seen, signIn, signInFrom, useStage } from './stage.ts'

/** Addresses that the page's window has had in its history, fragments included. */
const historyOf = async (page: Page): Promise<string> => {
  const session = await page.context().newCDPSession(page)
  const { entries } = await session.send('Page.getNavigationHistory')
  return entries.map(({ url }) => url).join('\n')
}

describe("Amazon's implicit grant, AMAZON_GRANT=implicit", () => {
  const stage = useStage({ environment: { AMAZON_GRANT: 'implicit' } })

  it('signs in, and leaves no token in the address bar, the page or the history', async () => {
    const page = await stage.visit()
    const addresses: string[] = []
    page.on('framenavigated', (frame) => addresses.push(frame.url()))
    await signIn(page, 'amazon')

    expect(address(page)).toBe('/s3/')
    expect(await seen(page)).toContain('web-identity-amazon')
    const withToken = addresses.findIndex((url) => url.includes('#access_token=Atza'))
    expect(withToken).toBeGreaterThan(0)
    expect(addresses[withToken + 1]).toBe(`${stage.url}/oauth2callback/amazon`)
    expect(await historyOf(page)).not.toContain('Atza')
    expect(await page.content()).not.toContain('Atza')
  })

  it('sends the token to nobody but the application, and never in a query', async () => {
    const page = await stage.visit()
    const urls: string[] = []
    page.on('request', (request) => urls.push(request.url().split('#', 1)[0] ?? ''))
    await signIn(page, 'amazon')
    expect(urls.join('\n')).not.toContain('Atza')
    expect(stage.application.logText()).not.toContain('Atza')
  })

  it('says what to do where scripts are off', async () => {
    const page = await stage.visit({ javaScriptEnabled: false })
    await page.goto('/')
    await page.getByRole('link', { name: buttonText.amazon }).click()
    await page.getByRole('button', { name: `Continue as ${ada.name}` }).click()

    await page.getByRole('heading', { level: 1, name: 'Finishing your sign-in' }).waitFor()
    expect(await seen(page)).toContain('This way of signing in needs JavaScript')
    expect(await seen(page)).toContain('Allow scripts for this site and start again')
    await page.locator('noscript a').click()
    expect(address(page)).toBe('/')
  })

  it('says that nothing came back where the address has no answer in it', async () => {
    const page = await stage.visit()
    await page.goto('/oauth2callback/amazon')
    await page.getByRole('heading', { name: 'Nothing came back from the provider' }).waitFor()
    expect(await page.getByRole('heading', { name: 'Finishing your sign-in' }).isVisible()).toBe(false)
    await page.getByRole('link', { name: 'Start again' }).click()
    expect(address(page)).toBe('/')
  })

  it('tells of Cancel kindly, and can be started again', async () => {
    const page = await stage.visit()
    await page.goto('/')
    await page.getByRole('link', { name: buttonText.amazon }).click()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('heading', { level: 1, name: 'Sign-in cancelled' }).waitFor()
    await page.getByRole('link', { name: 'Go to the sign-in page' }).click()
    await signInFrom(page, 'amazon')
  })
})
