import { createHash } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type SandboxAmazon, startAmazon } from '../../sandbox/identity/amazon.ts'
import { demoPeople, type Person } from '../../sandbox/identity/people.ts'
import { HttpBrowser } from '../http-browser.ts'

const client = {
  clientId: 'amzn1.application-oa2-client.0a1b2c',
  appId: 'amzn1.application.9f8e7d',
  clientSecret: 'amzn1.oa2-cs.v1.secret',
}
const redirectUri = 'http://127.0.0.1:9/oauth2callback/amazon'
const verifier = 'v'.repeat(43)
const challenge = createHash('sha256').update(verifier).digest('base64url')
const [ada, misaki] = demoPeople as [Person, Person]

let amazon: SandboxAmazon
let now = 0
beforeAll(async () => {
  amazon = await startAmazon({ client, clock: () => now })
  amazon.registerRedirectUri(redirectUri)
})
afterAll(() => amazon.close())
beforeEach(() => {
  now = Date.UTC(2026, 10, 1)
})

const authorizeUrl = (parameters: Record<string, string> = {}) =>
  `${amazon.url}/ap/oa?${new URLSearchParams({
    client_id: client.clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'profile',
    state: 'a state',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...parameters,
  })}`

const codeFor = async (person: Person, parameters?: Record<string, string>) => {
  const back = await new HttpBrowser().continueAs(person.subjects.amazon, authorizeUrl(parameters))
  return back.searchParams.get('code') ?? ''
}

const redeem = async (form: Record<string, string>, headers: Record<string, string> = {}) => {
  const body = new URLSearchParams({ grant_type: 'authorization_code', redirect_uri: redirectUri, ...form })
  const response = await fetch(`${amazon.url}/auth/o2/token`, { method: 'POST', body, headers })
  return { status: response.status, headers: response.headers, body: await response.json() }
}
const secret = { client_id: client.clientId, client_secret: client.clientSecret }

const get = async (path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(amazon.url + path, { headers })
  return { status: response.status, body: await response.json() }
}
const tokenInfo = (token: string) => get(`/auth/o2/tokeninfo?access_token=${encodeURIComponent(token)}`)

describe('sandbox Amazon: authorization', () => {
  test('sends the browser back with code, state and scope after the person agreed', async () => {
    const back = await new HttpBrowser().continueAs(ada.subjects.amazon, authorizeUrl())
    expect(back.href.startsWith(`${redirectUri}?`)).toBe(true)
    expect(Object.fromEntries(back.searchParams)).toEqual({
      code: expect.any(String),
      state: 'a state',
      scope: 'profile',
    })
  })

  test('answers Cancel with access_denied and the state', async () => {
    const back = await new HttpBrowser().cancel(authorizeUrl())
    expect(back.search).toBe('?error=access_denied&error_description=Access+not+permitted.&state=a+state')
  })

  test('answers an implicit grant in the fragment only', async () => {
    const back = await new HttpBrowser().continueAs(
      ada.subjects.amazon,
      authorizeUrl({ response_type: 'token' }),
    )
    expect(back.search).toBe('')
    const answer = new URLSearchParams(back.hash.slice(1))
    expect(Object.fromEntries(answer)).toEqual({
      access_token: expect.stringMatching(/^Atza\|/),
      token_type: 'bearer',
      expires_in: '3600',
      scope: 'profile',
      state: 'a state',
    })
    expect((await tokenInfo(answer.get('access_token') ?? '')).body.aud).toBe(client.clientId)
  })

  test('refuses the implicit grant on a page where it is switched off', async () => {
    const strict = await startAmazon({ client, implicitGrant: false })
    strict.registerRedirectUri(redirectUri)
    const url = authorizeUrl({ response_type: 'token' }).replace(amazon.url, strict.url)
    const page = await new HttpBrowser().open(url)
    await strict.close()
    expect(page.status).toBe(400)
    expect(page.body).toContain('errorMsg=lwa-invalid-parameter-unauthorized-implicit-grant-request')
  })

  test.each([
    ['an unknown client', { client_id: 'amzn1.application-oa2-client.other' }, 'bad-client-id'],
    ['the App ID in place of the client ID', { client_id: client.appId }, 'bad-client-id'],
    ['an unlisted redirect URI', { redirect_uri: `${redirectUri}/` }, 'bad-redirect-uri-vendor'],
    ['an unknown scope', { scope: 'profile email' }, 'bad-scope'],
    ['no scope', { scope: '' }, 'bad-scope'],
  ])('shows a page and never redirects for %s', async (_what, parameters, errorMsg) => {
    const page = await new HttpBrowser().open(authorizeUrl(parameters))
    expect(page.status).toBe(400)
    expect(page.body).toContain(`errorMsg=lwa-invalid-parameter-${errorMsg}`)
    expect(page.headers.has('location')).toBe(false)
  })

  test.each([
    ['response type', { response_type: 'id_token' }, 'unsupported_response_type'],
    ['challenge method', { code_challenge_method: 'S512' }, 'invalid_request'],
    ['challenge', { code_challenge: 'short' }, 'invalid_request'],
  ])('tells the application of a malformed %s', async (_what, parameters, error) => {
    const { url } = await new HttpBrowser().open(authorizeUrl(parameters))
    expect(new URL(url).searchParams.get('error')).toBe(error)
    expect(new URL(url).searchParams.get('state')).toBe('a state')
  })
})

describe('sandbox Amazon: code exchange', () => {
  test('answers a code with access and refresh token in the forms that Amazon documents', async () => {
    const { status, body, headers } = await redeem({
      ...secret,
      code: await codeFor(ada),
      code_verifier: verifier,
    })
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(body).toEqual({
      access_token: expect.stringMatching(/^Atza\|.{345,2043}$/),
      refresh_token: expect.stringMatching(/^Atzr\|.{345,2043}$/),
      token_type: 'bearer',
      expires_in: 3600,
    })
  })

  test('takes the secret by HTTP Basic, form-encoded', async () => {
    const encoded = client.clientId.replaceAll('.', '%2E').replaceAll('-', '%2D')
    const authorization = `Basic ${Buffer.from(`${encoded}:${client.clientSecret}`).toString('base64')}`
    const answer = await redeem({ code: await codeFor(ada), code_verifier: verifier }, { authorization })
    expect(answer.status).toBe(200)
  })

  test('gives no refresh token to a client that proves itself by PKCE alone', async () => {
    const { status, body } = await redeem({
      client_id: client.clientId,
      code: await codeFor(ada),
      code_verifier: verifier,
    })
    expect(status).toBe(200)
    expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'token_type'])
  })

  test('takes a challenge without a method for a plain one', async () => {
    const url = new URL(authorizeUrl({ code_challenge: verifier }))
    url.searchParams.delete('code_challenge_method')
    const back = await new HttpBrowser().continueAs(ada.subjects.amazon, url.href)
    const code = back.searchParams.get('code') ?? ''
    expect((await redeem({ ...secret, code, code_verifier: verifier })).status).toBe(200)
  })

  test.each([
    ['a wrong secret', { client_secret: 'wrong' }, 401, 'invalid_client', /^Client authentication failed$/],
    ['an unknown client', { client_id: 'other' }, 401, 'invalid_client', /^Client authentication failed$/],
    ['a wrong PKCE verifier', { code_verifier: 'w'.repeat(43) }, 400, 'invalid_grant', /code_verifier$/],
    ['a missing PKCE verifier', { code_verifier: '' }, 400, 'invalid_grant', /code_verifier$/],
    ['another redirect URI', { redirect_uri: `${redirectUri}?` }, 400, 'invalid_grant', /: redirect_uri$/],
    ['an invented code', { code: 'invented' }, 400, 'invalid_grant', /: code$/],
    ['no code', { code: '' }, 400, 'invalid_request', /: code$/],
    ['a misspelt grant type', { grant_type: 'code' }, 400, 'unsupported_grant_type', /not supported/],
  ])('refuses %s', async (_what, wrong, status, error, description) => {
    const answer = await redeem({ ...secret, code: await codeFor(ada), code_verifier: verifier, ...wrong })
    expect(answer).toMatchObject({
      status,
      body: { error, error_description: expect.stringMatching(description) },
    })
    expect(answer.body).not.toHaveProperty('access_token')
  })

  test('refuses a verifier for a code that was asked for without a challenge', async () => {
    const url = new URL(authorizeUrl())
    for (const name of ['code_challenge', 'code_challenge_method']) url.searchParams.delete(name)
    const back = await new HttpBrowser().continueAs(ada.subjects.amazon, url.href)
    const code = back.searchParams.get('code') ?? ''
    expect((await redeem({ ...secret, code, code_verifier: verifier })).body.error).toBe('invalid_grant')
  })

  test('refuses JSON in place of a form', async () => {
    const response = await fetch(`${amazon.url}/auth/o2/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...secret, grant_type: 'authorization_code', code: await codeFor(ada) }),
    })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: 'invalid_request' })
  })

  test('redeems a code up to five minutes after it was issued', async () => {
    const [inTime, late] = [await codeFor(ada), await codeFor(ada)]
    now += 5 * 60_000 - 1
    expect((await redeem({ ...secret, code: inTime, code_verifier: verifier })).status).toBe(200)
    now += 1
    expect(await redeem({ ...secret, code: late, code_verifier: verifier })).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    })
  })

  test('refuses a code that comes again and revokes what the first exchange got', async () => {
    const form = { ...secret, code: await codeFor(ada), code_verifier: verifier }
    const first = await redeem(form)
    expect((await tokenInfo(first.body.access_token)).status).toBe(200)

    expect(await redeem(form)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect((await tokenInfo(first.body.access_token)).status).toBe(400)
    const refreshed = await redeem({
      ...secret,
      grant_type: 'refresh_token',
      refresh_token: first.body.refresh_token,
    })
    expect(refreshed.body.error).toBe('invalid_grant')
  })
})

describe('sandbox Amazon: refresh', () => {
  test('answers a refresh token with a new access token for the same person', async () => {
    const { body } = await redeem({ ...secret, code: await codeFor(misaki), code_verifier: verifier })
    const refresh = { grant_type: 'refresh_token', refresh_token: body.refresh_token }
    now += 2 * 3_600_000
    const refreshed = await redeem({ ...secret, ...refresh })
    expect(refreshed.body.access_token).not.toBe(body.access_token)
    expect((await tokenInfo(refreshed.body.access_token)).body.user_id).toBe(misaki.subjects.amazon)
    expect((await redeem({ client_id: client.clientId, ...refresh })).status).toBe(401)
    expect((await redeem({ ...secret, ...refresh, refresh_token: 'Atzr|no' })).body.error).toBe(
      'invalid_grant',
    )
  })
})

describe('sandbox Amazon: tokeninfo', () => {
  test('tells client id and App ID apart and the seconds that are left', async () => {
    const token = amazon.issueAccessToken(ada)
    now += 2_000
    expect(await tokenInfo(token)).toEqual({
      status: 200,
      body: {
        iss: 'https://www.amazon.com',
        user_id: ada.subjects.amazon,
        aud: client.clientId,
        app_id: client.appId,
        exp: 3598,
        iat: Date.UTC(2026, 10, 1) / 1000,
      },
    })
  })

  test('names the other application that a token was issued to', async () => {
    const other = { clientId: 'amzn1.application-oa2-client.other', appId: 'amzn1.application.other' }
    const { body } = await tokenInfo(amazon.issueAccessToken(ada, other))
    expect(body).toMatchObject({ aud: other.clientId, app_id: other.appId })
  })

  test('answers 400 invalid_token for an expired, an invented and a missing token', async () => {
    const token = amazon.issueAccessToken(ada, { lifetimeSeconds: 900 })
    now += 900_000
    for (const bad of [token, 'Atza|invented', '']) {
      expect(await tokenInfo(bad)).toMatchObject({ status: 400, body: { error: 'invalid_token' } })
    }
  })
})

describe('sandbox Amazon: profile', () => {
  test.each([
    ['profile', { user_id: ada.subjects.amazon, name: ada.name, email: ada.email }],
    ['profile:user_id', { user_id: ada.subjects.amazon }],
    ['postal_code', { user_id: ada.subjects.amazon, postal_code: ada.postalCode }],
  ])('shows what the scope %s opens', async (scope, body) => {
    const token = amazon.issueAccessToken(ada, { scopes: [scope] })
    expect(await get('/user/profile', { authorization: `Bearer ${token}` })).toEqual({ status: 200, body })
    expect(await get('/user/profile', { 'x-amz-access-token': token })).toEqual({ status: 200, body })
  })

  test('leaves out the e-mail address of a person without one', async () => {
    const authorization = `Bearer ${amazon.issueAccessToken(misaki)}`
    expect((await get('/user/profile', { authorization })).body).toEqual({
      user_id: misaki.subjects.amazon,
      name: '美咲',
    })
  })

  test('refuses a call without a token or with a bad one', async () => {
    expect(await get('/user/profile')).toMatchObject({ status: 400, body: { error: 'invalid_token' } })
    expect((await get('/user/profile', { authorization: 'Bearer Atza|no' })).status).toBe(400)
  })
})
