import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { signInUpToCallback, startApplication, type TestApplication } from '../application.ts'
import { type Answer, HttpBrowser } from '../http-browser.ts'
import { csrfOf, sessionIdOf } from './parties.ts'

let sandbox: Sandbox
let application: TestApplication

beforeAll(async () => {
  sandbox = await startSandbox()
  application = await startApplication(sandbox.environment)
  sandbox.registerApplication(application.url)
})
afterAll(async () => {
  await application.close()
  await sandbox.close()
})

/** Cookies that an answer sets or clears: attributes by name, in lower case. */
const cookiesSet = ({ headers }: Answer) =>
  headers.getSetCookie().map((header) => {
    const [pair = '', ...attributes] = header.split('; ')
    const [name = '', value = ''] = pair.split('=')
    return { name, value, attributes: attributes.map((attribute) => attribute.toLowerCase()) }
  })

const lifetimeSeconds = (attributes: string[]): number => {
  const maxAge = attributes.find((one) => one.startsWith('max-age='))
  if (maxAge) return Number(maxAge.slice(8))
  const expires = attributes.find((one) => one.startsWith('expires='))
  return expires ? (Date.parse(expires.slice(8)) - Date.now()) / 1000 : Number.POSITIVE_INFINITY
}

const behindTls = { 'x-forwarded-proto': 'https' }

describe.each([
  ['plain HTTP on loopback', {}, '', false],
  ['HTTPS, which a proxy on loopback ends', behindTls, '__Host-', true],
])('cookies over %s', (_how, headers, prefix, secure) => {
  const attributesExpected = ['httponly', 'path=/', 'samesite=lax', ...(secure ? ['secure'] : [])].sort()
  const flags = (attributes: string[]) => attributes.filter((one) => !/^(expires|max-age)=/.test(one)).sort()

  /** The sign-in, over the scheme at hand: the sandbox gets a redirect URI that it knows. */
  async function start(browser: HttpBrowser) {
    const redirect = await browser.get(`${application.url}/initiateLogin/amazon`, headers)
    return { redirect, state: new URL(redirect.location ?? '').searchParams.get('state') ?? '' }
  }

  it('carry an attempt for an hour, under the right name and flags', async () => {
    const { redirect } = await start(new HttpBrowser())
    const [attempt, ...others] = cookiesSet(redirect)
    expect(others).toEqual([])
    expect(attempt?.name).toMatch(new RegExp(`^${prefix}attempt-[0-9a-z]+-[\\w-]{16}$`))
    expect(flags(attempt?.attributes ?? [])).toEqual(attributesExpected)
    expect(lifetimeSeconds(attempt?.attributes ?? [])).toBe(3600)
  })

  it('of an attempt are cleared with the same flags, whatever comes of it', async () => {
    const browser = new HttpBrowser()
    const { state } = await start(browser)
    const callback = `${application.url}/oauth2callback/amazon?error=access_denied&state=${state}`
    const [cleared] = cookiesSet(await browser.get(callback, headers))
    expect(cleared?.name.startsWith(`${prefix}attempt-`)).toBe(true)
    expect(cleared?.value).toBe('')
    expect(flags(cleared?.attributes ?? [])).toEqual(attributesExpected)
    expect(lifetimeSeconds(cleared?.attributes ?? [])).toBeLessThan(0)
  })
})

describe('the session cookie', () => {
  /** Signs in over plain HTTP, since the sandbox trusts only such redirect URIs. */
  async function signedIn(headers: Record<string, string> = {}) {
    const browser = new HttpBrowser()
    const url = await signInUpToCallback(browser, application, 'amazon')
    const callback = await browser.get(url, headers)
    return { browser, callback }
  }

  it('is an opaque random id of 256 bits, HttpOnly and SameSite=Lax, and ends with the session', async () => {
    const { browser, callback } = await signedIn()
    const cookie = cookiesSet(callback).find(({ name }) => name === 'session')
    expect(cookie?.attributes).toEqual(expect.arrayContaining(['httponly', 'path=/', 'samesite=lax']))
    expect(Buffer.from(sessionIdOf(browser), 'base64url')).toHaveLength(32)
    expect(lifetimeSeconds(cookie?.attributes ?? [])).toBeCloseTo(43_200, -1)
  })

  it('is another one after the next sign-in, and the one before is worthless', async () => {
    const browser = new HttpBrowser()
    await browser.get(await signInUpToCallback(browser, application, 'amazon'))
    const planted = new HttpBrowser()
    planted.cookies = [...browser.cookies]
    await browser.get(await signInUpToCallback(browser, application, 'google'))
    expect(sessionIdOf(browser)).not.toBe(sessionIdOf(planted))
    expect((await planted.get(`${application.url}/s3/`, { accept: 'application/json' })).status).toBe(401)
    expect((await browser.get(`${application.url}/s3/`)).status).toBe(200)
  })

  it('that an attacker planted before the sign-in is not taken over', async () => {
    const browser = new HttpBrowser()
    const planted = 's%3Aplanted.signature'
    browser.cookies = [{ origin: application.url, name: 'session', value: planted, path: '/' }]
    await browser.get(await signInUpToCallback(browser, application, 'amazon'))
    expect(sessionIdOf(browser)).not.toBe('planted')
    expect((await browser.get(`${application.url}/s3/`)).status).toBe(200)
  })

  it('is not what an attempt cookie can be offered as, nor the reverse', async () => {
    const browser = new HttpBrowser()
    await browser.get(`${application.url}/initiateLogin/amazon`)
    const attempt = browser.cookies.find(({ name }) => name.startsWith('attempt-'))?.value ?? ''
    const posing = { accept: 'application/json', cookie: `session=${attempt}` }
    expect((await new HttpBrowser().get(`${application.url}/s3/`, posing)).status).toBe(401)
  })

  it('leaves the browser at sign-out with everything else of ours', async () => {
    const { browser } = await signedIn()
    const page = await browser.get(`${application.url}/s3/`)
    const answer = await browser.post(`${application.url}/logout`, { csrf: csrfOf(page.body) })
    const cleared = cookiesSet(answer).map(({ name, value }) => `${name}=${value}`)
    expect(cleared.sort()).toEqual(['seen=', 'session='])
  })
})
