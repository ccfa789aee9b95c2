import { describe, expect, it } from 'vitest'
import { ada, signIn, signInUpToCallback } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { callsSoFar, cookieNamed, expectRefusal, expectSignedInAs, useSituation } from './situation.ts'

const situation = useSituation()

describe('several sign-ins at once', () => {
  it('in two tabs of one browser both end at the buckets', async () => {
    const browser = new HttpBrowser()
    const one = await signInUpToCallback(browser, situation.application, 'amazon')
    const other = await signInUpToCallback(browser, situation.application, 'google')
    for (const callback of [one, other]) {
      const { status, location } = await browser.get(callback)
      expect({ status, path: new URL(location ?? 'none:').pathname }).toEqual({ status: 303, path: '/s3/' })
    }
    await expectSignedInAs('Ada Example', browser, situation.application)
  })

  const cookieHeaderBytes = (browser: HttpBrowser) =>
    browser.cookies
      .filter(({ origin }) => origin === situation.application.url)
      .map(({ name, value }) => `${name}=${value}; `)
      .join('').length

  it('of which there are twelve keep the newest five, in less than 8 KiB of cookies', async () => {
    const browser = new HttpBrowser()
    const callbacks: URL[] = []
    const returnPath = encodeURIComponent(`/s3/${'p'.repeat(500)}`)
    for (const _ of Array(12)) {
      const { location } = await browser.get(
        `${situation.application.url}/initiateLogin/amazon?returnPath=${returnPath}`,
      )
      callbacks.push(await browser.continueAs(ada.subjects.amazon, location ?? ''))
    }
    expect(cookieHeaderBytes(browser)).toBeLessThan(8 * 1024)
    const before = callsSoFar(situation.sandbox)
    for (const callback of callbacks.slice(0, 7)) {
      expectRefusal(await browser.get(callback), 403, 'login.state_mismatch')
    }
    expect(callsSoFar(situation.sandbox)).toEqual(before)
    for (const callback of callbacks.slice(7)) {
      const { status, location } = await browser.get(callback)
      expect({ status, path: new URL(location ?? '').pathname.slice(0, 5) }).toEqual({
        status: 303,
        path: '/s3/p',
      })
    }
  })

  it('begun in the same moment stay below 8 KiB of cookies, and five of them are kept from then on', async () => {
    const browser = new HttpBrowser()
    const url = `${situation.application.url}/initiateLogin/facebook`
    await Promise.all(Array.from({ length: 12 }, () => browser.get(url)))
    expect(cookieHeaderBytes(browser)).toBeLessThan(8 * 1024)
    await browser.get(url)
    expect(browser.cookies.filter(({ name }) => name.startsWith('attempt-')).length).toBe(5)
    await signIn(browser, situation.application, 'facebook')
    expect(cookieNamed(browser, 'session')).toBeDefined()
  })

  it('do not fall away because of cookies that only look like attempts', async () => {
    const browser = new HttpBrowser()
    const callback = await signInUpToCallback(browser, situation.application, 'amazon')
    const tossed = Array.from({ length: 20 }, (_, index) => `attempt-zzzzzzz${index}-AAAAAAAAAAAAAAAA=x`)
    const mine = browser.cookies
      .filter(({ origin }) => origin === situation.application.url)
      .map(({ name, value }) => `${name}=${value}`)
    const { status } = await browser.get(callback, { cookie: [...tossed, ...mine].join('; ') })
    expect(status).toBe(303)
  })
})
