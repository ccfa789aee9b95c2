import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { SessionStore } from '../../src/session/stores/session-store.ts'
import { sqliteStore } from '../../src/session/stores/sqlite.ts'
import { signInUpToCallback, startApplication, type TestApplication } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { observedStore } from './observed-store.ts'
import { expectRefusal, expectSignedInAs, laterBy, useSituation } from './situation.ts'

const situation = useSituation()

/** One client's limit in these tests. */
const perMinute = 3
const minute = 60_000

// Within one minute of the clock, whatever the clock says.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Math.ceil(Date.now() / minute) * minute })
})

async function limited(
  environment: Record<string, string> = {},
  sessionStore?: SessionStore,
): Promise<TestApplication> {
  const { sandbox } = situation
  const application = await startApplication(
    { ...sandbox.environment, RATE_LIMIT: String(perMinute), ...environment },
    sessionStore && { sessionStore },
  )
  sandbox.registerApplication(application.url)
  onTestFinished(() => application.close())
  return application
}

/** Asks as the client that a proxy reports; without one, as ourselves. */
const ask = ({ url }: TestApplication, path: string, client?: string, headers = {}) =>
  new HttpBrowser().get(url + path, { ...(client && { 'x-forwarded-for': client }), ...headers })

/** Statuses of so many sign-in starts, one after the other. */
async function starts(application: TestApplication, count: number, client?: string): Promise<number[]> {
  const statuses: number[] = []
  for (let number = 0; number < count; number += 1)
    statuses.push((await ask(application, '/initiateLogin/amazon', client)).status)
  return statuses
}

describe('RATE_LIMIT', () => {
  it('answers 429 with Retry-After to the client that asks too often, and not to another', async () => {
    const application = await limited()
    expect(await starts(application, perMinute + 1, '198.51.100.1')).toEqual([302, 302, 302, 429])
    const answer = await ask(application, '/initiateLogin/amazon', '198.51.100.1')
    expectRefusal(answer, 429, 'request.too_many')
    expect(answer.headers.get('retry-after')).toBe('60')
    expect(answer.headers.getSetCookie()).toEqual([])
    expect(await starts(application, 1, '198.51.100.2')).toEqual([302])
  })

  it('answers JSON where it is asked for', async () => {
    const application = await limited()
    await starts(application, perMinute)
    const answer = await ask(application, '/initiateLogin/amazon', undefined, { accept: 'application/json' })
    expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([429, 'request.too_many'])
    expect(answer.headers.get('retry-after')).toBe('60')
  })

  it('lets the client in again when the next minute begins', async () => {
    const application = await limited()
    await starts(application, perMinute + 1)
    laterBy(minute)
    expect(await starts(application, 1)).toEqual([302])
  })

  it('counts starts and callbacks together, whichever provider they name', async () => {
    const application = await limited()
    await starts(application, 1)
    await ask(application, '/oauth2callback/google?state=x&code=y')
    expect((await ask(application, '/initiateLogin/nobody')).status).toBe(404)
    for (const path of ['/initiateLogin/nobody', '/initiateLogin/amazon', '/oauth2callback/google?state=x']) {
      const answer = await ask(application, path)
      expectRefusal(answer, 429, 'request.too_many')
    }
    const posted = await new HttpBrowser().post(`${application.url}/oauth2callback/amazon`, { state: 'x' })
    expect(posted.status).toBe(429)
  })

  it('keeps the attempt of a callback that came too early, so that it is good a minute later', async () => {
    const application = await limited()
    const browser = new HttpBrowser()
    const callback = await signInUpToCallback(browser, application, 'amazon')
    await starts(application, perMinute)
    const refused = await browser.get(callback)
    expectRefusal(refused, 429, 'request.too_many')
    laterBy(minute)
    expect((await browser.get(callback)).status).toBe(303)
    await expectSignedInAs('Ada Example', browser, application)
  })

  it('believes no X-Forwarded-For of a peer that is not a trusted proxy', async () => {
    const application = await limited({ TRUST_PROXY: '203.0.113.7' })
    for (let number = 0; number < perMinute; number += 1) await starts(application, 1, `198.51.100.${number}`)
    expect(await starts(application, 1, '198.51.100.99')).toEqual([429])
  })

  it('takes the address that the nearest untrusted hop has, not one that the client put in front', async () => {
    const application = await limited()
    for (let number = 0; number < perMinute; number += 1)
      await starts(application, 1, `192.0.2.${number}, 198.51.100.1`)
    expect(await starts(application, 1, '192.0.2.99, 198.51.100.1')).toEqual([429])
  })

  it.each([
    ['of one IPv6 network (/64) as one client', '2001:db8:1:2:3::4', '2001:db8:1:2:ffff::9', 429],
    ['of two IPv6 networks as two', '2001:db8:1:2:3::4', '2001:db8:1:3:3::4', 302],
    ['in IPv4 and in IPv6 notation as one', '198.51.100.1', '::ffff:198.51.100.1', 429],
    ['that are none as what they are', 'fe80::1%a/b', 'unknown', 302],
  ])('counts addresses %s', async (_title, one, other, expected) => {
    const application = await limited()
    await starts(application, perMinute, one)
    expect(await starts(application, 1, other)).toEqual([expected])
  })

  it('holds over two instances that share a store', async () => {
    const shared = sqliteStore(':memory:')
    onTestFinished(() => shared.close())
    const store = { ...shared, close: async () => {} }
    const [one, other] = [await limited({}, store), await limited({}, store)]
    await starts(one, perMinute - 1)
    expect(await starts(other, 2)).toEqual([302, 429])
    expect(await starts(one, 1)).toEqual([429])
  })

  it('hides addresses from whoever reads the store', async () => {
    const { sessionStore } = observedStore()
    const ids: string[] = []
    const application = await limited(
      {},
      {
        ...sessionStore,
        count: async (id) => ids.push(id),
      },
    )
    await starts(application, 1, '198.51.100.1')
    expect(ids).toEqual([expect.stringMatching(/^[\w-]{43}$/)])
  })

  it('limits nothing else: health, pages and sessions', async () => {
    const application = await limited()
    await starts(application, perMinute + 1)
    for (const path of ['/healthz', '/readyz', '/', '/privacy']) {
      for (let number = 0; number <= perMinute; number += 1)
        expect((await ask(application, path)).status).toBe(200)
    }
    expect((await ask(application, '/s3/')).status).toBe(303)
  })

  it('holds within one instance while the store cannot count, which is said once a minute', async () => {
    const application = await limited(
      {},
      {
        ...sqliteStore(':memory:'),
        count: () => Promise.reject(new Error('the store went away')),
      },
    )
    const warnings = () => application.log.filter(({ level }) => level === 'warn').map(({ msg }) => msg)
    expect(await starts(application, perMinute + 2)).toEqual([302, 302, 302, 429, 429])
    expect(warnings()).toEqual(['requests are counted by this instance alone'])
    laterBy(minute)
    await starts(application, 2)
    expect(warnings()).toHaveLength(2)
  })

  it('does not make anybody wait for a store that hangs', async () => {
    const application = await limited({}, { ...sqliteStore(':memory:'), count: () => new Promise(() => {}) })
    expect(await starts(application, 1)).toEqual([302])
  })

  it('holds against a flood that keeps the store from counting', async () => {
    const application = await limited({}, { ...sqliteStore(':memory:'), count: () => new Promise(() => {}) })
    const flood = Array.from({ length: 20 }, () => starts(application, 1))
    const passed = (await Promise.all(flood)).flat().filter((status) => status === 302)
    expect(passed).toHaveLength(perMinute)
  })

  it('asks the store no more for who is over it', async () => {
    const { sessionStore, calls } = observedStore()
    const application = await limited({}, sessionStore)
    await starts(application, perMinute + 5)
    expect(calls).toEqual(Array(perMinute).fill('count'))
  })

  it.each(['image', 'iframe', 'empty'])(
    'is not used up by a page that has a sign-in fetched as %s',
    async (destination) => {
      const application = await limited()
      for (const path of ['/initiateLogin/amazon', '/oauth2callback/amazon?code=c&state=s']) {
        for (let number = 0; number <= perMinute; number += 1) {
          const headers = { 'sec-fetch-dest': destination }
          expectRefusal(await ask(application, path, undefined, headers), 403, 'request.cross_site')
        }
      }
      const headers = { 'sec-fetch-dest': 'document' }
      expect((await ask(application, '/initiateLogin/amazon', undefined, headers)).status).toBe(302)
    },
  )

  it('set to 0 asks the store for nothing', async () => {
    const { sessionStore, calls } = observedStore()
    const application = await limited({ RATE_LIMIT: '0' }, sessionStore)
    expect(new Set(await starts(application, 2 * perMinute))).toEqual(new Set([302]))
    expect(calls).toEqual([])
  })
})
