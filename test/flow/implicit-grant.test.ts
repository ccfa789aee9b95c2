import { beforeAll, describe, expect, it } from 'vitest'
import { ada, startApplication, type TestApplication } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import {
  callsSoFar,
  expectRefusal,
  expectSignedInAs,
  expectSignedOut,
  laterBy,
  queryOf,
  useSituation,
} from './situation.ts'

const situation = useSituation({ AMAZON_GRANT: 'implicit' })

const callbackUrl = () => `${situation.application.url}/oauth2callback/amazon`

/** Signs in at Amazon; what its fragment says, as the page's script reads it. */
async function upToFragment(browser = new HttpBrowser()) {
  const { location } = await browser.get(
    `${situation.application.url}/initiateLogin/amazon?returnPath=%2Fs3%2Fx`,
  )
  const { hash, search } = await browser.continueAs(ada.subjects.amazon, location ?? '')
  return { browser, search, fields: Object.fromEntries(new URLSearchParams(hash.slice(1))) }
}

/** An attempt and its state, without a visit to Amazon. */
async function begin() {
  const browser = new HttpBrowser()
  const { location } = await browser.get(`${situation.application.url}/initiateLogin/amazon`)
  return { browser, state: queryOf(location).state ?? '' }
}

describe('GET /initiateLogin/amazon under AMAZON_GRANT=implicit', () => {
  it('asks for a token, with a state and without PKCE', async () => {
    const { location } = await new HttpBrowser().get(`${situation.application.url}/initiateLogin/amazon`)
    expect(queryOf(location)).toEqual({
      client_id: situation.sandbox.environment.AMAZON_APP_ID,
      response_type: 'token',
      scope: 'profile',
      redirect_uri: callbackUrl(),
      state: expect.stringMatching(/^[\w-]{43,}$/),
    })
  })
})

describe('the callback of an implicit grant', () => {
  it('without parameters is a page whose script posts the fragment, and that no cache keeps', async () => {
    const { status, body, headers } = await new HttpBrowser().get(callbackUrl())
    expect(status).toBe(200)
    expect(body).toMatch(/<script src="\/assets\/js\/implicit-callback\.js\?v=[\w-]+"><\/script>/)
    expect(body).toContain('<form method="post" action="/oauth2callback/amazon"')
    expect(body).toContain('<noscript>')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('content-security-policy')).toContain("script-src 'self'")
    expect(headers.get('referrer-policy')).toMatch(/^(same-origin|no-referrer)$/)
  })

  it('is a leg of the receipt like any other, without the token', async () => {
    const { browser, fields } = await upToFragment()
    await browser.post(callbackUrl(), fields, { origin: situation.application.url })
    const { body } = await browser.get(`${situation.application.url}/flow`)
    const states = [...body.matchAll(/class="flow-leg flow-leg--([\w-]+)"/g)].map(([, state]) => state)
    expect(states).toEqual(Array(6).fill('done'))
    expect(body).toContain('There is no code to redeem')
    expect(body).toContain('<dt class="mono">access_token</dt>')
    expect(fields.access_token?.length).toBeGreaterThan(100)
    expect(body).not.toContain(fields.access_token)
    expect(body).not.toContain(encodeURIComponent(fields.access_token ?? ''))
  })

  it('takes the fragment by POST and goes where the person wanted', async () => {
    const { browser, search, fields } = await upToFragment()
    expect(search).toBe('')
    const { status, headers } = await browser.post(callbackUrl(), fields, {
      origin: situation.application.url,
    })
    expect({ status, location: headers.get('location') }).toEqual({ status: 303, location: '/s3/x' })
    await expectSignedInAs('Ada Example', browser, situation.application)
  })

  it("takes the article's own form, a token in the query", async () => {
    const { browser, fields } = await upToFragment()
    const { status } = await browser.get(`${callbackUrl()}?${new URLSearchParams(fields)}`)
    expect(status).toBe(303)
    await expectSignedInAs('Ada Example', browser, situation.application)
  })

  const both = ['GET', 'POST'] as const
  const send = (method: (typeof both)[number], browser: HttpBrowser, fields: Record<string, string>) =>
    method === 'GET'
      ? browser.get(`${callbackUrl()}?${new URLSearchParams(fields)}`)
      : browser.post(callbackUrl(), fields)

  describe.each(both)('by %s', (method) => {
    it('refuses a state that is missing, made up, or of another browser', async () => {
      const { browser, fields } = await upToFragment()
      const { state = '', ...rest } = fields
      const before = callsSoFar(situation.sandbox)
      expectRefusal(await send(method, browser, rest), 400, 'login.state_missing')
      expectRefusal(await send(method, browser, { ...rest, state: `${state}x` }), 403, 'login.state_mismatch')
      expectRefusal(await send(method, new HttpBrowser(), fields), 403, 'login.no_attempt')
      expectRefusal(await send(method, (await begin()).browser, fields), 403, 'login.state_mismatch')
      expect(callsSoFar(situation.sandbox)).toEqual(before)
      await expectSignedOut(browser, situation.application)
    })

    it('refuses an attempt older than ten minutes', async () => {
      const { browser, fields } = await upToFragment()
      laterBy(601_000)
      expectRefusal(await send(method, browser, fields), 403, 'login.attempt_expired')
    })

    it('refuses a token of another application before STS is asked', async () => {
      const { browser, state } = await begin()
      const token = situation.sandbox.amazon.issueAccessToken(ada, {
        clientId: 'amzn1.application-oa2-client.somebodyelse',
      })
      const before = situation.sandbox.sts.exchanges.length
      const answer = await send(method, browser, { access_token: token, state })
      expectRefusal(answer, 403, 'provider.token_not_ours')
      expect(situation.sandbox.sts.exchanges.length).toBe(before)
      await expectSignedOut(browser, situation.application)
    })

    it('signs nobody in with a token that Amazon does not know', async () => {
      for (const token of ['Atza|made-up', 'x', '<script>', 'Atza|\u0000', 'é'.repeat(200)]) {
        const { browser, state } = await begin()
        const before = situation.sandbox.sts.exchanges.length
        const { status } = await send(method, browser, { access_token: token, state })
        expect({ token, refused: status >= 400 }).toEqual({ token, refused: true })
        expect(situation.sandbox.sts.exchanges.length).toBe(before)
      }
    })

    it('says of a made-up token that it is not valid', async () => {
      const { browser, state } = await begin()
      const answer = await send(method, browser, { access_token: 'Atza|made-up', state })
      expectRefusal(answer, 403, 'provider.token_invalid')
    })

    it('refuses a token that is missing, empty or no token', async () => {
      for (const fields of [
        { access_token: '' },
        { token_type: 'bearer' },
        { access_token: 'Atza|ü🦄' },
        { access_token: 'Atza|a\r\nb' },
      ] as Record<string, string>[]) {
        const { browser, state } = await begin()
        expectRefusal(await send(method, browser, { ...fields, state }), 400, 'request.malformed')
      }
    })

    it('shows Cancel as its own page', async () => {
      const { browser, state } = await begin()
      expectRefusal(await send(method, browser, { error: 'access_denied', state }), 403, 'login.cancelled')
    })
  })

  it('refuses two tokens, of which one might be checked and the other used', async () => {
    const { browser, fields } = await upToFragment()
    const url = new URL(`${callbackUrl()}?${new URLSearchParams(fields)}`)
    url.searchParams.append('access_token', 'Atza|other')
    expectRefusal(await browser.get(url), 400, 'request.malformed')
    await expectSignedOut(browser, situation.application)
  })

  it.each([
    ['a foreign Origin', { origin: 'https://evil.example' }],
    ['a null Origin', { origin: 'null' }],
    ['an Origin of another port', { origin: 'http://127.0.0.1:1' }],
  ])('refuses a POST with %s', async (_title, headers) => {
    const { browser, fields } = await upToFragment()
    const before = callsSoFar(situation.sandbox)
    expectRefusal(await browser.post(callbackUrl(), fields, headers), 403, 'request.cross_site')
    expect(callsSoFar(situation.sandbox)).toEqual(before)
    await expectSignedOut(browser, situation.application)
  })

  it('refuses a body that is no form', async () => {
    const { fields } = await upToFragment()
    const answer = await fetch(callbackUrl(), {
      method: 'POST',
      body: JSON.stringify(fields),
      headers: { 'content-type': 'application/json', accept: 'text/html' },
    })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
  })
})

describe('a token at the callback of a code grant', () => {
  let application: TestApplication

  beforeAll(async () => {
    application = await startApplication({ ...situation.sandbox.environment, AMAZON_GRANT: 'code' })
    return () => application.close()
  })

  it.each(['amazon', 'google', 'facebook'] as const)(
    'of %s is refused by GET and by POST',
    async (provider) => {
      const browser = new HttpBrowser()
      const { location } = await browser.get(`${application.url}/initiateLogin/${provider}`)
      const { state = '' } = queryOf(location)
      const fields = { access_token: situation.sandbox.amazon.issueAccessToken(ada), state }
      const url = `${application.url}/oauth2callback/${provider}`
      const before = callsSoFar(situation.sandbox)
      expectRefusal(await browser.post(url, fields), 400, 'login.grant_not_enabled')
      expectRefusal(
        await browser.get(`${url}?${new URLSearchParams(fields)}`),
        400,
        'login.grant_not_enabled',
      )
      expect(callsSoFar(situation.sandbox)).toEqual(before)
      await expectSignedOut(browser, application)
    },
  )

  it('has no page that waits for a fragment', async () => {
    const answer = await new HttpBrowser().get(`${application.url}/oauth2callback/amazon`)
    expectRefusal(answer, 400, 'login.state_missing')
  })
})

describe('a code at the callback of an implicit grant', () => {
  it('is refused: the other grant is not enabled by it', async () => {
    const { browser, state } = await begin()
    const answer = await browser.get(`${callbackUrl()}?${new URLSearchParams({ code: 'x', state })}`)
    expectRefusal(answer, 400, 'request.malformed')
  })
})
