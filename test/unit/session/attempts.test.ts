import express from 'express'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type LoopbackServer, listenOnLoopback } from '../../../sandbox/loopback-server.ts'
import { AppError } from '../../../src/errors.ts'
import { returnPath } from '../../../src/login/return-path.ts'
import { type Attempt, Attempts } from '../../../src/session/attempts.ts'
import { Sealer } from '../../../src/session/sealing.ts'
import { type Answer, HttpBrowser } from '../../http-browser.ts'

const sealer = new Sealer(['a-secret-of-many-letters'])
const start = Date.UTC(2026, 5, 1, 12)
const minute = 60_000

/** As long as our own make them: 256 bits. */
const random = (text: string): string => text.padEnd(43, '_')

const attemptOf = (state: string, changes: Partial<Attempt> = {}): Attempt => ({
  providerId: 'google',
  state,
  secret: random('canary-secret'),
  redirectUri: 'https://app.example.org/oauth2callback/google',
  codeVerifier: random('canary-verifier'),
  nonce: random('canary-nonce'),
  chooseAccount: false,
  returnPath: '/s3/?token=next',
  startedAt: Date.now(),
  ...changes,
})

/** Keeps what `attemptFor` makes of a state, and answers a callback with the attempt or the code of its refusal. */
function applicationOf(attempts: Attempts, attemptFor: (state: string) => Attempt) {
  const app = express()
  app.set('trust proxy', true)
  app.get('/keep/:state', (req, res) => {
    attempts.keep(req, res, attemptFor(req.params.state))
    res.end()
  })
  app.get('/take/:provider/:state', (req, res) => {
    try {
      res.json(attempts.take(req, res, req.params.state, req.params.provider))
    } catch (error) {
      res.json(error instanceof AppError ? error.code : String(error))
    }
  })
  return app
}

describe('Attempts', () => {
  let server: LoopbackServer
  let browser: HttpBrowser
  let attemptFor: (state: string) => Attempt

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: start })
    attemptFor = attemptOf
    const app = applicationOf(new Attempts(sealer), (state) => attemptFor(state))
    server = await listenOnLoopback(app)
    browser = new HttpBrowser()
  })

  afterEach(async () => {
    vi.useRealTimers()
    await server.close()
  })

  const keep = (state: string, headers = {}): Promise<Answer> =>
    browser.get(`${server.url}/keep/${state}`, headers)
  const take = async (state: string, provider = 'google'): Promise<unknown> =>
    JSON.parse((await browser.get(`${server.url}/take/${provider}/${state}`)).body)
  const cookieHeader = (): string => browser.cookies.map(({ name, value }) => `${name}=${value}`).join('; ')

  it('hands out an attempt as it was kept', async () => {
    const kept = attemptOf('state-1')
    await keep('state-1')
    expect(await take('state-1')).toEqual(kept)
  })

  it('hands out each attempt once', async () => {
    await keep('state-1')
    await keep('state-2')
    await take('state-1')
    expect(await take('state-1')).toBe('login.state_mismatch')
    expect(await take('state-2')).toMatchObject({ state: 'state-2' })
    expect(await take('state-2')).toBe('login.no_attempt')
    expect(browser.cookies).toEqual([])
  })

  it('keeps five attempts side by side, and drops the oldest for a sixth', async () => {
    for (const number of [1, 2, 3, 4, 5, 6]) {
      vi.setSystemTime(start + number * 1000)
      await keep(`state-${number}`)
    }
    expect(browser.cookies).toHaveLength(5)
    expect(await take('state-1')).toBe('login.state_mismatch')
    for (const number of [4, 6, 2, 5, 3]) {
      expect(await take(`state-${number}`)).toMatchObject({ state: `state-${number}` })
    }
  })

  it('comes down to five again where a browser sends more', async () => {
    for (const number of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const other = new HttpBrowser()
      vi.setSystemTime(start + number * 1000)
      await other.get(`${server.url}/keep/state-${number}`)
      browser.cookies.push(...other.cookies)
    }
    vi.setSystemTime(start + minute)
    await keep('state-9')
    expect(browser.cookies).toHaveLength(5)
    expect(await take('state-4')).toBe('login.state_mismatch')
    expect(await take('state-5')).toMatchObject({ state: 'state-5' })
  })

  it('keeps the Cookie header below 8 KiB with as many of the largest attempts as fit', async () => {
    attemptFor = (state) =>
      attemptOf(random(state), {
        providerId: 'a-provider-with-quite-a-long-name',
        redirectUri: `https://${'host.'.repeat(12)}example.org/oauth2callback/a-provider-with-quite-a-long-name`,
        returnPath: returnPath(`/s3/?token=${'k'.repeat(1000)}`),
      })
    for (const number of [1, 2, 3, 4, 5, 6]) {
      vi.setSystemTime(start + number)
      await keep(`state-${number}`, { 'x-forwarded-proto': 'https' })
    }
    expect(browser.cookies).toHaveLength(3)
    expect(cookieHeader().length).toBeGreaterThan(4 * 1024)
    expect(cookieHeader().length).toBeLessThan(7 * 1024)
    const headers = { 'x-forwarded-proto': 'https' }
    const last = await browser.get(
      `${server.url}/take/a-provider-with-quite-a-long-name/${random('state-6')}`,
      headers,
    )
    expect(JSON.parse(last.body)).toMatchObject({ state: random('state-6') })
  })

  it('refuses another provider’s callback, and the attempt is gone', async () => {
    await keep('state-1')
    expect(await take('state-1', 'amazon')).toBe('login.provider_mismatch')
    expect(await take('state-1')).toBe('login.no_attempt')
  })

  it('lets an attempt live for ten minutes', async () => {
    await keep('state-1')
    await keep('state-2')
    vi.setSystemTime(start + 10 * minute)
    expect(await take('state-1')).toMatchObject({ state: 'state-1' })
    vi.setSystemTime(start + 10 * minute + 1)
    expect(await take('state-2')).toBe('login.attempt_expired')
    expect(await take('state-2')).toBe('login.no_attempt')
  })

  it('knows no attempt of a browser without its cookie', async () => {
    await keep('state-1')
    browser = new HttpBrowser()
    expect(await take('state-1')).toBe('login.no_attempt')
  })

  it('knows no other state than those of its cookies', async () => {
    await keep('state-1')
    expect(await take('state-2')).toBe('login.state_mismatch')
    expect(await take('x'.repeat(4000))).toBe('login.state_mismatch')
    expect(await take('state-1')).toMatchObject({ state: 'state-1' })
  })

  /** What the cookie of an attempt says that was sealed by `sealer`. */
  async function cookieOf(state: string, sealer: Pick<Sealer, 'seal' | 'open'>): Promise<string> {
    const others = await listenOnLoopback(applicationOf(new Attempts(sealer as Sealer), attemptOf))
    const other = new HttpBrowser()
    await other.get(`${others.url}/keep/${state}`)
    await others.close()
    return other.cookies[0]?.value ?? ''
  }

  const otherPurpose = {
    seal: (_: string, context: string, text: string) => sealer.seal('session', context, text),
    open: () => undefined,
  }

  it('refuses a cookie that was sealed under another secret, for something else, or altered', async () => {
    const foreign = [
      await cookieOf('state-1', new Sealer(['another-secret-of-letters'])),
      await cookieOf('state-1', otherPurpose),
      await cookieOf('state-2', sealer),
      `${(await cookieOf('state-1', sealer)).slice(0, -4)}AAAA`,
      'garbage',
    ]
    browser.cookies.splice(0)
    await keep('state-1')
    for (const cookie of browser.cookies) cookie.value = await cookieOf('state-1', sealer)
    expect(await take('state-1')).toMatchObject({ state: 'state-1' })
    for (const value of foreign) {
      await keep('state-1')
      for (const cookie of browser.cookies) cookie.value = value
      expect(await take('state-1')).toBe('login.state_mismatch')
      expect(browser.cookies).toEqual([])
    }
  })

  it.each([
    ['https', 'attempt-'],
    ['http', '__Host-attempt-'],
  ])('over %s takes no attempt out of a cookie whose name begins with %s', async (scheme, prefix) => {
    const headers = { 'x-forwarded-proto': scheme }
    await keep('state-1', headers)
    const [kept] = browser.cookies
    if (!kept) throw new Error('no cookie was set')
    kept.name = prefix + kept.name.replace(/^.*attempt-/, '')
    const answer = await browser.get(`${server.url}/take/google/state-1`, headers)
    expect(JSON.parse(answer.body)).toBe('login.no_attempt')
  })

  it.each([
    'attempt-=x',
    'attempt-zzz-short=x',
    'attempt-zzz-0123456789abcdef',
    'attempt-zzz-0123456789abcdef=',
    `attempt-${'z'.repeat(2000)}-0123456789abcde=x`,
    '__proto__=x; constructor=x',
    '=; ;;,%%%; attempt',
    'session=attempt-zzz-0123456789abcdef',
  ])('takes no attempt out of the Cookie header %j', async (cookie) => {
    const answer = await browser.get(`${server.url}/take/google/state-1`, { cookie })
    expect(JSON.parse(answer.body)).toBe('login.no_attempt')
  })

  it.each([
    ['http', /^attempt-/, false],
    ['https', /^__Host-attempt-/, true],
  ])('sets its cookie over %s for scripts and other sites to miss', async (scheme, name, secure) => {
    const { headers } = await keep('state-1', { 'x-forwarded-proto': scheme })
    const [cookie = '', ...others] = headers.getSetCookie()
    expect(others).toEqual([])
    expect(cookie).toMatch(name)
    const attributes = cookie.split('; ').slice(1)
    expect(attributes).toEqual(expect.arrayContaining(['Max-Age=3600', 'Path=/', 'HttpOnly', 'SameSite=Lax']))
    expect(attributes.includes('Secure')).toBe(secure)
    expect(cookie).not.toMatch(/domain/i)
  })

  it('clears a cookie with the attributes that it was set with', async () => {
    const headers = { 'x-forwarded-proto': 'https' }
    await keep('state-1', headers)
    const answer = await browser.get(`${server.url}/take/google/state-1`, headers)
    const [cookie = ''] = answer.headers.getSetCookie()
    expect(cookie).toMatch(/^__Host-attempt-[0-9a-z]+-[\w-]{16}=;/)
    expect(cookie).toContain('Path=/')
    expect(cookie).toContain('Secure')
    expect(cookie).toContain('Expires=Thu, 01 Jan 1970')
  })

  it('shows nothing of the attempt in the cookie', async () => {
    attemptFor = (state) => attemptOf(state, { returnPath: '/s3/canary-bucket/' })
    await keep('canary-state')
    const [cookie] = browser.cookies
    const decoded = Buffer.from(cookie?.value ?? '', 'base64url').toString('latin1')
    expect(decoded.length).toBeGreaterThan(100)
    expect(cookieHeader() + decoded).not.toMatch(/canary|example\.org/)
  })
})
