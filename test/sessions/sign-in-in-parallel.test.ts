import { afterEach, describe, expect, it } from 'vitest'
import { answerJson } from '../../sandbox/faults.ts'
import { ada, signIn, signInUpToCallback } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { atInstance, countOf, csrfOf, exchanges, gate, sentTo, useParties } from './parties.ts'

const parties = useParties()
const tokenPaths = {
  amazon: '/auth/o2/token',
  google: '/token',
  facebook: '/v26.0/oauth/access_token',
} as const
const providers = ['amazon', 'google', 'facebook'] as const

afterEach(() => parties.sandbox.amazon.faults.clear())

/** Somebody whose provider has just sent them back, and who has not followed yet. */
async function atTheDoor(provider: (typeof providers)[number]) {
  const browser = new HttpBrowser()
  const callback = await signInUpToCallback(browser, parties.one, provider)
  const server = parties.sandbox[provider]
  const [codes, calls] = [countOf(server, tokenPaths[provider]), exchanges(parties.sandbox)]
  const since = () => ({
    codeExchanges: countOf(server, tokenPaths[provider]) - codes,
    stsCalls: exchanges(parties.sandbox) - calls,
  })
  return { browser, callback, since }
}

describe('a double click on the callback', () => {
  it.each(providers)(
    'from %s signs in both times, for one code exchange and one STS call',
    async (provider) => {
      const { browser, callback, since } = await atTheDoor(provider)
      const twins = [browser, sentTo(parties.one, browser)]
      const answers = await Promise.all(twins.map((twin) => twin.get(callback)))
      expect(answers.map(({ status }) => status)).toEqual([303, 303])
      expect(since()).toEqual({ codeExchanges: 1, stsCalls: 1 })
      const pages = await Promise.all(twins.map((twin) => twin.get(`${parties.one.url}/s3/`)))
      expect(pages.map(({ status }) => status)).toEqual([200, 200])
    },
  )

  it.each(providers)('from %s does so too when it lands on two instances', async (provider) => {
    const { browser, callback, since } = await atTheDoor(provider)
    const twin = sentTo(parties.other, browser)
    const answers = await Promise.all([browser.get(callback), twin.get(atInstance(parties.other, callback))])
    expect(answers.map(({ status }) => status)).toEqual([303, 303])
    expect(since()).toEqual({ codeExchanges: 1, stsCalls: 1 })
    expect((await browser.get(`${parties.one.url}/s3/`)).status).toBe(200)
    expect((await twin.get(`${parties.other.url}/s3/`)).status).toBe(200)
  })

  it('whose second half comes when the first has ended goes to the buckets', async () => {
    const { browser, callback, since } = await atTheDoor('amazon')
    await browser.get(callback)
    const again = await browser.get(callback)
    expect([again.status, new URL(again.location ?? '').pathname]).toEqual([303, '/s3/'])
    expect(since()).toEqual({ codeExchanges: 1, stsCalls: 1 })
  })

  it('that the provider refuses signs in neither, and asks it once', async () => {
    const { browser, callback, since } = await atTheDoor('amazon')
    parties.sandbox.amazon.faults.plan(tokenPaths.amazon, answerJson({ error: 'server_error' }, 500), 2)
    const twins = [browser, sentTo(parties.one, browser)]
    const answers = await Promise.all(twins.map((twin) => twin.get(callback)))
    expect(answers.every(({ status }) => status >= 400)).toBe(true)
    expect(since()).toEqual({ codeExchanges: 1, stsCalls: 0 })
    const script = { accept: 'application/json' }
    const pages = await Promise.all(twins.map((twin) => twin.get(`${parties.one.url}/s3/`, script)))
    expect(pages.map(({ status }) => status)).toEqual([401, 401])
  })
})

describe('two tabs', () => {
  it('with a sign-in each, finished in the other order, both end signed in', async () => {
    const browser = new HttpBrowser()
    const first = await signInUpToCallback(browser, parties.one, 'amazon')
    const second = await signInUpToCallback(browser, parties.one, 'google')
    expect((await browser.get(second)).status).toBe(303)
    expect((await browser.get(first)).status).toBe(303)
    const page = await browser.get(`${parties.one.url}/s3/`)
    expect([page.status, page.body.includes(ada.name)]).toEqual([200, true])
  })

  it('of which one signs out leave the other with nothing to see', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'amazon')
    const tab = await browser.get(`${parties.one.url}/s3/`)
    await browser.post(`${parties.one.url}/logout`, { csrf: csrfOf(tab.body) })
    const other = await browser.get(`${parties.one.url}/s3/`)
    expect([other.status, new URL(other.location ?? '').pathname]).toEqual([303, '/'])
    const again = await browser.post(`${parties.one.url}/logout`, { csrf: csrfOf(tab.body) })
    expect(again.status).toBe(303)
  })

  it('six of them keep the five newest attempts, and headers of less than 8 KiB', async () => {
    const browser = new HttpBrowser()
    const callbacks: URL[] = []
    for (let tab = 0; tab < 6; tab += 1) {
      callbacks.push(await signInUpToCallback(browser, parties.one, 'amazon'))
    }
    const cookies = browser.cookies.filter(({ origin }) => origin === parties.one.url)
    expect(cookies).toHaveLength(5)
    expect(cookies.map(({ name, value }) => `${name}=${value}; `).join('').length).toBeLessThan(8 * 1024)
    const [oldest, ...others] = callbacks
    expect((await sentTo(parties.one, browser).get(oldest ?? '')).status).toBe(403)
    for (const callback of others) expect((await browser.get(callback)).status).toBe(303)
  })
})

describe('a sign-out during the next sign-in', () => {
  it('ends the old session and not the new one', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'google')
    const old = sentTo(parties.one, browser)
    const page = await browser.get(`${parties.one.url}/s3/`)
    const callback = await signInUpToCallback(browser, parties.one, 'amazon')
    const held = gate()
    parties.sandbox.amazon.faults.plan(tokenPaths.amazon, held.fault)
    const tab = sentTo(parties.one, browser)
    const signingIn = tab.get(callback)
    await held.reached
    await browser.post(`${parties.one.url}/logout`, { csrf: csrfOf(page.body) })
    held.open()
    expect((await signingIn).status).toBe(303)
    expect((await old.get(`${parties.one.url}/s3/`, { accept: 'application/json' })).status).toBe(401)
    expect((await tab.get(`${parties.one.url}/s3/`)).status).toBe(200)
  })
})
