import { describe, expect, it } from 'vitest'
import { demoPeople, type Person } from '../../sandbox/identity/people.ts'
import { ada, signIn, signInUpToCallback } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import {
  callsSoFar,
  cookieHeader,
  cookieNamed,
  expectRefusal,
  expectSignedInAs,
  expectSignedOut,
  laterBy,
  queryOf,
  useSituation,
} from './situation.ts'

const situation = useSituation()
const renee = demoPeople[2] as Person

const minute = 60_000

/** A browser with a callback URL that has not been opened yet. */
async function upToCallback(provider: 'amazon' | 'google' | 'facebook' = 'amazon', person = ada) {
  const browser = new HttpBrowser()
  return { browser, callback: await signInUpToCallback(browser, situation.application, provider, person) }
}

/** `url` with its state replaced by these. */
function withStates(url: URL, ...states: string[]): URL {
  const changed = new URL(url)
  changed.searchParams.delete('state')
  for (const state of states) changed.searchParams.append('state', state)
  return changed
}

/** Opens `url` and expects a refusal before anybody else is asked, and nobody signed in. */
async function expectRefusedAtOnce(browser: HttpBrowser, url: URL | string, status: number, code: string) {
  const before = callsSoFar(situation.sandbox)
  expectRefusal(await browser.get(url), status, code)
  expect(callsSoFar(situation.sandbox)).toEqual(before)
  await expectSignedOut(browser, situation.application)
}

describe('GET /oauth2callback/:provider', () => {
  describe.each(['amazon', 'google', 'facebook'] as const)(
    'of %s refuses at once a state that is',
    (provider) => {
      it('missing', async () => {
        const { browser, callback } = await upToCallback(provider)
        await expectRefusedAtOnce(browser, withStates(callback), 400, 'login.state_missing')
      })

      it('empty', async () => {
        const { browser, callback } = await upToCallback(provider)
        await expectRefusedAtOnce(browser, withStates(callback, ''), 400, 'login.state_missing')
      })

      it('given twice, though both are right', async () => {
        const { browser, callback } = await upToCallback(provider)
        const { state = '' } = queryOf(callback)
        await expectRefusedAtOnce(browser, withStates(callback, state, state), 400, 'login.state_missing')
      })

      it('an array or an object', async () => {
        const { browser, callback } = await upToCallback(provider)
        for (const name of ['state[]', 'state[0]', 'state[__proto__]', 'state.x']) {
          const url = withStates(callback)
          url.searchParams.set(name, queryOf(callback).state ?? '')
          await expectRefusedAtOnce(browser, url, 400, 'login.state_missing')
        }
      })

      it('made up', async () => {
        const { browser, callback } = await upToCallback(provider)
        await expectRefusedAtOnce(browser, withStates(callback, 'x'.repeat(43)), 403, 'login.state_mismatch')
      })

      it('made up, and names the right one nowhere', async () => {
        const { browser, callback } = await upToCallback(provider)
        const { state = '' } = queryOf(callback)
        const { body, headers } = await browser.get(withStates(callback, 'x'.repeat(43)))
        for (const text of [body, JSON.stringify([...headers]), situation.application.logText()])
          expect(text).not.toContain(state)
      })

      it('of a browser with no sign-in under way', async () => {
        const { callback } = await upToCallback(provider)
        await expectRefusedAtOnce(new HttpBrowser(), callback, 403, 'login.no_attempt')
      })

      it('of another browser, whose owner is signing in too', async () => {
        const attacker = await upToCallback(provider, renee)
        const victim = await upToCallback(provider)
        await expectRefusedAtOnce(victim.browser, attacker.callback, 403, 'login.state_mismatch')
        expect((await victim.browser.get(victim.callback)).status).toBe(303)
        await expectSignedInAs('Ada Example', victim.browser, situation.application)
      })

      it('older than ten minutes', async () => {
        const { browser, callback } = await upToCallback(provider)
        laterBy(10 * minute + 1_000)
        await expectRefusedAtOnce(browser, callback, 403, 'login.attempt_expired')
      })
    },
  )

  it('accepts a state that is a little younger than ten minutes', async () => {
    const { browser, callback } = await upToCallback('facebook')
    laterBy(9 * minute + 59_000)
    expect((await browser.get(callback)).status).toBe(303)
  })

  it('refuses at once the code and state of one provider at the callback of another', async () => {
    const names = ['amazon', 'google', 'facebook'] as const
    for (const [from, to] of names.flatMap((one) => names.map((other) => [one, other] as const))) {
      if (from === to) continue
      const { browser, callback } = await upToCallback(from)
      const mixedUp = callback.href.replace(`/oauth2callback/${from}`, `/oauth2callback/${to}`)
      await expectRefusedAtOnce(browser, mixedUp, 403, 'login.provider_mismatch')
      // What was mixed up is used up.
      await expectRefusedAtOnce(browser, callback, 403, 'login.no_attempt')
    }
  })

  it('refuses a replay after the person has signed out', async () => {
    const { browser, callback } = await upToCallback()
    await browser.get(callback)
    const { body } = await browser.get(`${situation.application.url}/s3/`)
    const csrf = /name="csrf" value="([^"]+)"/.exec(body)?.[1] ?? ''
    expect((await browser.post(`${situation.application.url}/logout`, { csrf })).status).toBe(303)
    await expectRefusedAtOnce(browser, callback, 403, 'login.no_attempt')
  })

  it('refuses a replay beside a newer sign-in of the same browser', async () => {
    const { browser, callback } = await upToCallback()
    await browser.get(callback)
    browser.cookies = browser.cookies.filter(({ name }) => name !== 'session')
    await browser.get(`${situation.application.url}/initiateLogin/amazon`)
    await expectRefusedAtOnce(browser, callback, 403, 'login.state_mismatch')
  })

  it.each(['amazon', 'google', 'facebook'] as const)(
    'redeems a code of %s once, though attempt cookie and address were put aside',
    async (provider) => {
      const { browser, callback } = await upToCallback(provider)
      const aside = [...browser.cookies]
      await browser.get(callback)
      // A double click within a minute is told what the first click led to, and nobody is asked again.
      const before = callsSoFar(situation.sandbox)
      const twin = new HttpBrowser()
      twin.cookies = [...aside]
      await twin.get(callback)
      expect(callsSoFar(situation.sandbox)).toEqual(before)

      laterBy(2 * minute)
      const thief = new HttpBrowser()
      thief.cookies = [...aside]
      expectRefusal(await thief.get(callback), 400, 'provider.code_rejected')
      expect(situation.sandbox.sts.exchanges.length).toBe(before.sts)
      await expectSignedOut(thief, situation.application)
    },
  )

  it('takes an attempt once: after a refusal by the provider it is gone', async () => {
    const { browser, callback } = await upToCallback()
    const refused = withStates(callback, queryOf(callback).state ?? '')
    refused.searchParams.set('code', 'made-up')
    expectRefusal(await browser.get(refused), 400, 'provider.code_rejected')
    await expectRefusedAtOnce(browser, callback, 403, 'login.no_attempt')
  })

  it('refuses an attempt whose cookie was altered', async () => {
    const { browser, callback } = await upToCallback()
    for (const cookie of browser.cookies.filter(({ name }) => name.startsWith('attempt-'))) {
      const middle = Math.floor(cookie.value.length / 2)
      const other = cookie.value[middle] === 'A' ? 'B' : 'A'
      cookie.value = cookie.value.slice(0, middle) + other + cookie.value.slice(middle + 1)
    }
    await expectRefusedAtOnce(browser, callback, 403, 'login.state_mismatch')
  })

  it('takes an attempt cookie for no session, and a session cookie for no attempt', async () => {
    const { browser, callback } = await upToCallback()
    const attempt = browser.cookies.find(({ name }) => name.startsWith('attempt-'))
    const { url } = situation.application
    const asSession = await new HttpBrowser().get(`${url}/s3/`, { cookie: `session=${attempt?.value}` })
    expect(asSession.status).toBe(303)

    const signedIn = new HttpBrowser()
    await signIn(signedIn, situation.application, 'amazon', renee)
    const session = cookieNamed(signedIn, 'session')
    const asAttempt = await new HttpBrowser().get(callback, { cookie: `${attempt?.name}=${session}` })
    expectRefusal(asAttempt, 403, 'login.state_mismatch')
  })
})

describe('GET /oauth2callback/:provider in the browser of somebody signed in', () => {
  it('for a callback that comes twice goes to the buckets and keeps the session', async () => {
    const { browser, callback } = await upToCallback()
    await browser.get(callback)
    const before = { ...callsSoFar(situation.sandbox), session: cookieNamed(browser, 'session') }
    const { status, location } = await browser.get(callback)
    expect({ status, path: new URL(location ?? 'none:').pathname }).toEqual({ status: 303, path: '/s3/' })
    expect({ ...callsSoFar(situation.sandbox), session: cookieNamed(browser, 'session') }).toEqual(before)
    await expectSignedInAs('Ada Example', browser, situation.application)
  })

  it('for a callback that comes too late goes to the buckets and keeps the session', async () => {
    const { browser, callback } = await upToCallback()
    await signIn(browser, situation.application, 'amazon')
    laterBy(11 * minute)
    const { status, location } = await browser.get(callback)
    expect({ status, path: new URL(location ?? 'none:').pathname }).toEqual({ status: 303, path: '/s3/' })
    await expectSignedInAs('Ada Example', browser, situation.application)
  })

  it("does not sign Ada in as somebody else through that person's callback", async () => {
    const { callback } = await upToCallback('amazon', renee)
    const { browser } = await upToCallback()
    await signIn(browser, situation.application, 'amazon')
    const exchanges = situation.sandbox.sts.exchanges.length
    await browser.get(callback)
    expect(situation.sandbox.sts.exchanges.length).toBe(exchanges)
    await expectSignedInAs('Ada Example', browser, situation.application)
  })

  it('changes the person for a sign-in that this browser has begun, under a new session id', async () => {
    const { browser } = await upToCallback()
    await signIn(browser, situation.application, 'amazon')
    const first = cookieNamed(browser, 'session')
    const cookie = cookieHeader(browser, situation.application)
    await signIn(browser, situation.application, 'google', renee)
    expect(cookieNamed(browser, 'session')).not.toBe(first)
    await expectSignedInAs('Renée O’Hara-Núñez', browser, situation.application)
    const old = await new HttpBrowser().get(`${situation.application.url}/s3/`, {
      cookie,
    })
    expect(old.status).toBe(303)
  })
})
