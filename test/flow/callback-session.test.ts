import { describe, expect, it, onTestFinished } from 'vitest'
import { demoPeople, type Person } from '../../sandbox/identity/people.ts'
import type { SessionStore } from '../../src/session/stores/session-store.ts'
import { sqliteStore } from '../../src/session/stores/sqlite.ts'
import { ada, signIn, signInUpToCallback, startApplication } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { observedStore } from './observed-store.ts'
import {
  askForBuckets,
  cookieNamed,
  expectRefusal,
  expectSignedInAs,
  laterBy,
  useSituation,
} from './situation.ts'

const store = observedStore()
const situation = useSituation({}, { sessionStore: store.sessionStore })

const firstCookie = 's%3Aplanted-session-id.c2lnbmF0dXJlIG9mIG5vYm9keSBhdCBhbGw'

describe('the session that a callback makes', () => {
  it('has another id than the one that was planted before, and the planted one is worthless', async () => {
    const browser = new HttpBrowser()
    browser.cookies.push({
      origin: situation.application.url,
      name: 'session',
      value: firstCookie,
      path: '/',
    })
    await signIn(browser, situation.application, 'amazon')
    expect(cookieNamed(browser, 'session')).not.toContain('planted')
    const attacker = new HttpBrowser()
    const { status } = await attacker.get(`${situation.application.url}/s3/`, {
      cookie: `session=${firstCookie}`,
    })
    expect(status).toBe(303)
  })

  it("has another id than the attacker's own session that was planted, and shows the attacker nothing", async () => {
    const attacker = new HttpBrowser()
    await signIn(attacker, situation.application, 'facebook')
    const planted = cookieNamed(attacker, 'session')
    const victim = new HttpBrowser()
    victim.cookies = attacker.cookies.filter(({ origin }) => origin === situation.application.url)
    await signIn(victim, situation.application, 'google')
    expect(cookieNamed(victim, 'session')).not.toBe(planted)
    const { body } = await askForBuckets(attacker, situation.application)
    expect(body).not.toContain('Signed in with</dt><dd>Google')
  })

  it('is in the store before the redirect leaves', async () => {
    const browser = new HttpBrowser()
    const callback = await signInUpToCallback(browser, situation.application, 'amazon')
    const before = store.ids.size
    const { headers } = await browser.get(callback)
    // The session, and the receipt beside it.
    expect(store.ids.size).toBe(before + 2)
    expect(headers.getSetCookie().some((cookie) => cookie.startsWith('session='))).toBe(true)
  })

  it('is not there where the store failed: no cookie comes, and the same callback works once the store does', async () => {
    const engine = sqliteStore(':memory:')
    let failures = 1
    const set: SessionStore['set'] = (id, record) =>
      failures-- > 0 ? Promise.reject(new Error('gone')) : engine.set(id, record)
    const { sandbox } = situation
    const application = await startApplication(sandbox.environment, { sessionStore: { ...engine, set } })
    onTestFinished(() => application.close())
    sandbox.registerApplication(application.url)
    const browser = new HttpBrowser()
    const callback = await signInUpToCallback(browser, application, 'amazon')
    const refused = await browser.get(callback)
    expectRefusal(refused, 503, 'session.store_unavailable')
    expect(refused.headers.getSetCookie()).toEqual([])
    expect((await browser.get(callback)).status).toBe(303)
    await expectSignedInAs('Ada Example', browser, application)
  })

  it('is filed under a name that no cookie shows', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, situation.application, 'amazon')
    const cookie = decodeURIComponent(cookieNamed(browser, 'session') ?? '')
    const id = cookie.slice(2).split('.')[0] ?? ''
    expect(id.length).toBeGreaterThanOrEqual(43)
    expect([...store.ids]).not.toContain(id)
  })

  it('has a cookie that is HttpOnly, SameSite=Lax and for this host only', async () => {
    const browser = new HttpBrowser()
    const { headers } = await signIn(browser, situation.application, 'amazon')
    const cookie = headers.getSetCookie().find((one) => one.startsWith('session=')) ?? ''
    for (const attribute of ['Path=/', 'HttpOnly', 'SameSite=Lax']) expect(cookie).toContain(attribute)
    expect(cookie).not.toContain('Domain')
  })

  it('is not touched by reading a page', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, situation.application, 'amazon')
    store.calls.length = 0
    await expectSignedInAs('Ada Example', browser, situation.application)
    expect(store.calls.filter((name) => name !== 'get')).toEqual([])
  })
})

describe('the callback of somebody who was idle for more than an hour', () => {
  it.each(['amazon', 'google', 'facebook'] as const)(
    'signs them in again with %s, whose cookie of the last visit is gone',
    async (provider) => {
      const browser = new HttpBrowser()
      await signIn(browser, situation.application, provider)
      const before = cookieNamed(browser, 'session')
      browser.cookies = browser.cookies.filter(({ name }) => name !== 'seen')
      expect((await signIn(browser, situation.application, provider)).status).toBe(303)
      expect(cookieNamed(browser, 'session')).not.toBe(before)
      await expectSignedInAs('Ada Example', browser, situation.application)
    },
  )

  it('signs them in again, by the clock', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, situation.application, 'amazon')
    laterBy(61 * 60_000)
    expect((await signIn(browser, situation.application, 'amazon')).status).toBe(303)
    await expectSignedInAs('Ada Example', browser, situation.application)
  })
})

describe('the return path', () => {
  const landingAfter = async (returnPath: string, provider: 'amazon' | 'facebook' = 'amazon') => {
    const browser = new HttpBrowser()
    const query = new URLSearchParams({ returnPath })
    const { location } = await browser.get(`${situation.application.url}/initiateLogin/${provider}?${query}`)
    const answer = await browser.get(await browser.continueAs(ada.subjects[provider], location ?? ''))
    expect(answer.status).toBe(303)
    return answer.headers.get('location')
  }

  it.each(['/s3/?first=201&token=abc', '/s3/bucket/folder/?sort=-size', '/s3/a%20b/%3Cscript%3E'])(
    '%s is where the sign-in ends',
    async (path) => {
      expect(await landingAfter(path)).toBe(path)
    },
  )

  it.each([
    'https://evil.example/s3/',
    'https:/evil.example',
    '//evil.example/s3/',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/s3/\\evil.example',
    '/s3/..//evil.example',
    '/s3/../..//evil.example',
    '/s3/%2e%2e//evil.example',
    '/s3/.%2E//evil.example',
    '/s3/..\\/evil.example',
    '/%09/evil.example',
    '/\t/evil.example',
    '/s3/\t..//evil.example',
    '/s3/\n//evil.example',
    '/s3/\r\nSet-Cookie: x=y',
    '/s3/\u0000',
    '\u00a0//evil.example',
    '/s3/\u2028',
    '@evil.example',
    '/@evil.example',
    'http://127.0.0.1@evil.example/s3/',
    'javascript:alert(1)',
    'data:text/html,x',
    '/s3.evil.example',
    '/s3',
    '/logout',
    '/initiateLogin/google',
    '/s3/../logout',
    '/privacy',
    '',
    `/s3/${'a'.repeat(1200)}`,
  ])('%j is not followed', async (path) => {
    expect(await landingAfter(path)).toBe('/s3/')
  })

  it('given twice, or as an array, is not followed', async () => {
    const { url } = situation.application
    for (const query of [
      'returnPath=/s3/a&returnPath=//evil.example',
      'returnPath[]=/s3/a',
      'returnPath[x]=/s3/a',
    ]) {
      const browser = new HttpBrowser()
      const { location } = await browser.get(`${url}/initiateLogin/amazon?${query}`)
      const answer = await browser.get(await browser.continueAs(ada.subjects.amazon, location ?? ''))
      expect(answer.headers.get('location')).toBe('/s3/')
    }
  })

  it('has an empty fragment of its own after Facebook, which would leave #_=_ behind', async () => {
    expect(await landingAfter('', 'facebook')).toBe('/s3/#')
    expect(await landingAfter('/s3/?first=201&token=abc', 'facebook')).toBe('/s3/?first=201&token=abc#')
  })

  it('on the login page goes into the buttons only if it is ours', async () => {
    const browser = new HttpBrowser()
    const { url } = situation.application
    const ours = await browser.get(
      `${url}/?returnPath=${encodeURIComponent('/s3/?first=2&token="><script>')}`,
    )
    expect(ours.body).not.toContain('<script>')
    const wanted = await browser.get(`${url}/?returnPath=${encodeURIComponent('/s3/photos/')}`)
    expect(wanted.body).toContain('href="/initiateLogin/amazon?returnPath=%2Fs3%2Fphotos%2F"')
    const foreign = await browser.get(`${url}/?returnPath=${encodeURIComponent('//evil.example')}`)
    expect(foreign.body).not.toContain('evil.example')
  })
})

describe('cookies that a neighbour of this host planted', () => {
  const signedInAs = async (person: Person) => {
    const browser = new HttpBrowser()
    await signIn(browser, situation.application, 'google', person)
    return (prefix: string) =>
      ['session', 'seen'].map((name) => `${prefix}${name}=${cookieNamed(browser, name)}`).join('; ')
  }
  const greeting = async (cookie: string, scheme: 'http' | 'https') => {
    const answer = await new HttpBrowser().get(`${situation.application.url}/s3/`, {
      cookie,
      'x-forwarded-proto': scheme,
    })
    return /Hello, <bdi>([^<]*)</.exec(answer.body)?.[1] ?? answer.status
  }

  it.each([
    ['https', '__Host-', ''],
    ['http', '', '__Host-'],
  ] as const)('over %s are looked at under no other name than ours', async (scheme, ours, theirs) => {
    const [mine, planted] = [await signedInAs(ada), await signedInAs(demoPeople[2] as Person)]
    expect(await greeting(mine(ours), scheme)).toBe('Ada Example')
    expect(await greeting(`${planted(theirs)}; ${mine(ours)}`, scheme)).toBe('Ada Example')
    expect(await greeting(`${mine(ours)}; ${planted(theirs)}`, scheme)).toBe('Ada Example')
    expect(await greeting(planted(theirs), scheme)).toBe(303)
  })
})
