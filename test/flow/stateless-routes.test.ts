import request from 'supertest'
import { beforeAll, describe, expect, it } from 'vitest'
import { signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { observedStore } from './observed-store.ts'
import { alsoStart, cookieHeader, useSituation } from './situation.ts'

const store = observedStore()
const situation = useSituation({}, { sessionStore: store.sessionStore })

/** Cookies of somebody who is signed in, so that a store that was asked would know the session. */
let visitor: { Cookie: string }

beforeAll(async () => {
  const browser = new HttpBrowser()
  await signIn(browser, situation.application, 'amazon')
  visitor = { Cookie: cookieHeader(browser, situation.application) }
  store.calls.length = 0
})

describe('routes that know nobody', () => {
  it.each([
    '/',
    '/?returnPath=%2Fs3%2F&notice=expired',
    '/privacy',
    '/explained',
    '/healthz',
    '/assets/style.css',
    '/assets/nothing',
    '/robots.txt',
    '/favicon.ico',
    '/nowhere',
    '/initiateLogin/amazon',
    '/initiateLogin/nobody',
  ])('GET %s asks no session store, whatever cookie comes', async (path) => {
    const before = store.calls.length
    const plain = await request(situation.application.server).get(path)
    await request(situation.application.server).get(path).set(visitor)
    expect(store.calls.length).toBe(before)
    const cookies = [plain.headers['set-cookie'] ?? []].flat()
    expect(cookies.filter((one) => !/^(__Host-)?attempt-/.test(one))).toEqual([])
  })

  it.each(['/s3/', '/oauth2callback/amazon?code=1&state=2', '/oauth2callback/amazon'])(
    'GET %s asks no session store for a visitor without a session cookie, and sets none',
    async (path) => {
      const before = store.calls.length
      const { headers } = await request(situation.application.server).get(path)
      expect(store.calls.length).toBe(before)
      expect(headers['set-cookie']).toBeUndefined()
    },
  )

  it.each(['/', '/privacy', '/explained', '/healthz', '/assets/style.css'])(
    'GET %s sets no cookie',
    async (path) => {
      const { headers } = await request(situation.application.server).get(path)
      expect(headers['set-cookie']).toBeUndefined()
    },
  )

  it.each(['/', '/privacy', '/explained'])('GET %s is the same page for everybody', async (path) => {
    const stranger = await request(situation.application.server).get(path)
    const known = await request(situation.application.server).get(path).set(visitor)
    expect(stranger.text).toContain('<h1>')
    expect(known.text).toBe(stranger.text)
    expect(stranger.headers['cache-control']).toBe('no-cache')
  })

  it('writes nothing to the store for a visitor who starts sign-ins and never comes back', async () => {
    store.calls.length = 0
    for (const _ of Array(20)) await request(situation.application.server).get('/initiateLogin/google')
    expect(store.calls.filter((name) => name !== 'get')).toEqual([])
  })
})

describe('GET /healthz', () => {
  it.each([
    ['over plain HTTP', {}],
    ['by address, with a port', { Host: '10.0.3.7:8080' }],
    ['under a foreign Host', { Host: 'elsewhere.example' }],
    ['for a health checker', { 'User-Agent': 'ELB-HealthChecker/2.0', Host: '10.0.3.7' }],
    ['for a client that wants JSON', { Accept: 'application/json' }],
  ])('answers 200 without redirect or cookie %s, though PUBLIC_URL is HTTPS', async (_title, headers) => {
    const application = await alsoStart(situation.sandbox, { PUBLIC_URL: 'https://buckets.example' })
    const answer = await request(application.server)
      .get('/healthz')
      .set({ ...visitor, ...headers })
    expect(answer.status).toBe(200)
    expect(answer.text).toBe('ok\n')
    expect(answer.headers['set-cookie']).toBeUndefined()
    expect(answer.headers.location).toBeUndefined()
  })
})

it.each(['/', '/?notice=expired', '/privacy'])(
  'GET %s is UTF-8 as long as it says, the first time and later',
  async (path) => {
    for (const _ of ['rendered', 'kept']) {
      const { headers, text } = await request(situation.application.server).get(path)
      expect(headers['content-type']).toBe('text/html; charset=utf-8')
      expect(text).toMatch(/<title>.* · Web Identity Federation<\/title>/)
      expect(Number(headers['content-length'])).toBe(Buffer.byteLength(text))
    }
  },
)
