import { describe, expect, it } from 'vitest'
import { address, buttonText, providers, seen, signIn, signInFrom, useStage } from './stage.ts'

const personal = ['Ada Example', 'ada@example.com', 'analytics-landing-zone', 'ASIA']

describe('somebody who does not want to, or no longer wants to', () => {
  const stage = useStage()

  it.each(providers)('presses Cancel at %s, is told so kindly, and can start again', async (provider) => {
    const page = await stage.visit()
    await page.goto('/')
    await page.getByRole('link', { name: buttonText[provider] }).click()
    await page.getByRole('button', { name: 'Cancel' }).click()

    await page.getByRole('heading', { level: 1, name: 'Sign-in cancelled' }).waitFor()
    expect(await seen(page)).toContain('nothing happened')
    await page.getByRole('link', { name: 'Go to the sign-in page' }).click()
    expect(address(page)).toBe('/')
    await signInFrom(page, provider)
  })

  it('signs out, and is told what ended and what did not', async () => {
    const page = await stage.visit()
    await signIn(page, 'google')
    await page.getByRole('button', { name: 'Sign out' }).click()

    await page.getByRole('heading', { level: 1, name: 'You are signed out' }).waitFor()
    const text = await seen(page)
    expect(text).toContain('AWS credentials cannot be recalled')
    expect(text).toMatch(/they lapse by themselves at \d{1,2} \w{3} 20\d\d, \d\d:\d\d UTC/)
    expect(text).toContain('still signed in at')
    expect(await page.context().cookies(stage.url)).toEqual([])
    await page.goto('/s3/')
    expect(new URL(page.url()).pathname).toBe('/')
  })

  it('signs out and presses Back: the browser shows nothing of them', async () => {
    const page = await stage.visit()
    await signIn(page, 'amazon')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
    await page.goBack()
    const html = await page.content()
    for (const text of personal) expect(html).not.toContain(text)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('Your S3 buckets')
  })

  it('signs out in one tab: the other one asks for a sign-in at its next step', async () => {
    const page = await stage.visit()
    await signIn(page, 'amazon')
    const other = await page.context().newPage()
    await other.goto('/s3/')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
    await other.reload()
    expect(new URL(other.url()).pathname).toBe('/')
    await other.goBack()
    for (const text of personal) expect(await other.content()).not.toContain(text)
  })

  it('goes back to the page after the sign-out, or reloads it: nothing is sent a second time', async () => {
    const page = await stage.visit()
    await signIn(page, 'google')
    const heading = page.getByRole('heading', { level: 1, name: 'You are signed out' })
    const posts: string[] = []
    page.on('request', (request) => void (request.method() === 'POST' && posts.push(request.url())))
    await page.getByRole('button', { name: 'Sign out' }).click()
    await heading.waitFor()
    await page.getByRole('link', { name: 'Sign in again' }).click()
    await page.getByRole('heading', { level: 2, name: 'Sign in', exact: true }).waitFor()
    await page.goBack()
    await heading.waitFor()
    await page.reload()
    await heading.waitFor()
    expect(await seen(page)).toContain('Google has revoked the token')
    expect(posts).toEqual([`${stage.url}/logout`])
  })

  it('presses Back after the sign-in: the bucket list is not lost', async () => {
    const page = await stage.visit()
    await signIn(page, 'facebook')
    await page.goBack()
    await page.goForward()
    await page.getByRole('heading', { level: 1, name: 'Hello, Ada Example' }).waitFor()
  })
})
