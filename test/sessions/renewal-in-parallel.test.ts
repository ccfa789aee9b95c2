import { afterEach, describe, expect, it, vi } from 'vitest'
import { answerJson } from '../../sandbox/faults.ts'
import { signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import {
  countOf,
  csrfOf,
  exchanges,
  gate,
  minutes,
  passTime,
  sentTo,
  sessionRecordOf,
  useParties,
} from './parties.ts'

const parties = useParties({ environment: { SESSION_IDLE_SECONDS: '43200' } })
const tokenPath = '/auth/o2/token'

afterEach(() => {
  parties.store.before = () => {}
  parties.sandbox.amazon.faults.clear()
  parties.sandbox.s3.faults.clear()
  vi.useRealTimers()
})

/** A signed-in browser; calls of the token endpoint and of STS are counted from here on. */
async function signedIn() {
  const browser = new HttpBrowser()
  await signIn(browser, parties.one, 'amazon')
  const { amazon } = parties.sandbox
  const [refreshes, calls] = [countOf(amazon, tokenPath), exchanges(parties.sandbox)]
  const since = () => ({
    refreshes: countOf(amazon, tokenPath) - refreshes,
    stsCalls: exchanges(parties.sandbox) - calls,
  })
  return { browser, since }
}

/** Holds the next writes to the store back until there are so many. */
function meetAtTheStore(many: number): void {
  const met = Promise.withResolvers<void>()
  let writes = 0
  parties.store.reset()
  parties.store.before = () => {
    if (parties.store.writes === writes) return
    writes = parties.store.writes
    if (writes === many) met.resolve()
    return met.promise
  }
}

const askAt = (url: string, browser: HttpBrowser) => browser.get(`${url}/s3/`)

describe('ten requests at once on access that has lapsed', () => {
  it('all get the page, for one refresh and one STS call', async () => {
    const { browser, since } = await signedIn()
    passTime(minutes(61))
    const pages = await Promise.all(Array.from({ length: 10 }, () => askAt(parties.one.url, browser)))
    expect(pages.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(since()).toEqual({ refreshes: 1, stsCalls: 1 })
  })

  it('all get the page, for one refresh and one STS call, when two instances share them', async () => {
    const { browser, since } = await signedIn()
    const elsewhere = sentTo(parties.other, browser)
    passTime(minutes(61))
    const pages = await Promise.all(
      Array.from({ length: 10 }, (_, number) =>
        number % 2 === 0 ? askAt(parties.one.url, browser) : askAt(parties.other.url, elsewhere),
      ),
    )
    expect(pages.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(since()).toEqual({ refreshes: 1, stsCalls: 1 })
  })

  it('all say that it ran out when the provider refuses, and ask it once', async () => {
    const { browser, since } = await signedIn()
    passTime(minutes(61))
    parties.sandbox.amazon.faults.plan(tokenPath, answerJson({ error: 'invalid_grant' }, 400), 10)
    // Whoever came after the refusal would rightly ask anew.
    meetAtTheStore(10)
    const pages = await Promise.all(Array.from({ length: 10 }, () => askAt(parties.one.url, browser)))
    expect(pages.map(({ status, body }) => [status, body.includes('Continue with Amazon')])).toEqual(
      Array(10).fill([401, true]),
    )
    expect(since()).toEqual({ refreshes: 1, stsCalls: 0 })
  })
})

describe('ten requests at once on access that ends in three minutes', () => {
  it('all get the page, and nobody waits for the one that renews', async () => {
    const { browser, since } = await signedIn()
    const held = gate()
    passTime(minutes(57))
    parties.sandbox.amazon.faults.plan(tokenPath, held.fault)
    const renewing = askAt(parties.one.url, browser)
    await held.reached
    const others = await Promise.all(
      Array.from({ length: 9 }, () => askAt(parties.other.url, sentTo(parties.other, browser))),
    )
    expect(others.map(({ status }) => status)).toEqual(Array(9).fill(200))
    held.open()
    expect((await renewing).status).toBe(200)
    expect(since()).toEqual({ refreshes: 1, stsCalls: 1 })
  })
})

describe('ten requests at once whose credentials S3 calls expired before their time', () => {
  it('all get the page, for one refresh and one STS call', async () => {
    const { browser, since } = await signedIn()
    parties.sandbox.sessions.expireAll()
    const pages = await Promise.all(Array.from({ length: 10 }, () => askAt(parties.one.url, browser)))
    expect(pages.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(since()).toEqual({ refreshes: 1, stsCalls: 1 })
  })
})

describe('a sign-out', () => {
  it('during a renewal is final: the renewed session is written nowhere', async () => {
    const { browser } = await signedIn()
    const before = sentTo(parties.other, browser)
    const page = await askAt(parties.one.url, browser)
    passTime(minutes(61))
    const held = gate()
    parties.sandbox.amazon.faults.plan(tokenPath, held.fault)
    const renewing = askAt(parties.one.url, sentTo(parties.one, browser))
    await held.reached
    const out = await browser.post(`${parties.one.url}/logout`, { csrf: csrfOf(page.body) })
    expect(out.status).toBe(303)
    held.open()
    expect((await renewing).body).not.toContain('analytics-landing-zone')
    expect(await sessionRecordOf(parties.store, before)).toBeUndefined()
    const script = { accept: 'application/json' }
    expect((await before.get(`${parties.other.url}/s3/`, script)).status).toBe(401)
  })

  it('during a slow page is final: the page ends, the session does not come back', async () => {
    const { browser } = await signedIn()
    const before = sentTo(parties.one, browser)
    const page = await askAt(parties.one.url, browser)
    const held = gate()
    parties.sandbox.s3.faults.plan('/', held.fault)
    const slow = askAt(parties.one.url, sentTo(parties.one, browser))
    await held.reached
    await browser.post(`${parties.one.url}/logout`, { csrf: csrfOf(page.body) })
    parties.store.reset()
    held.open()
    const late = await slow
    expect(late.headers.getSetCookie()).toEqual([])
    expect(parties.store.writes).toBe(0)
    expect(await sessionRecordOf(parties.store, before)).toBeUndefined()
    expect((await before.get(`${parties.one.url}/s3/`, { accept: 'application/json' })).status).toBe(401)
  })

  it('twice at once ends well both times', async () => {
    const { browser } = await signedIn()
    const { body } = await askAt(parties.one.url, browser)
    const twins = [browser, sentTo(parties.one, browser)]
    const answers = await Promise.all(
      twins.map((twin) => twin.post(`${parties.one.url}/logout`, { csrf: csrfOf(body) })),
    )
    expect(answers.map(({ status }) => status)).toEqual([303, 303])
  })
})
