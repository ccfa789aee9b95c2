import { decodeJwt, decodeProtectedHeader, generateKeyPair } from 'jose'
import * as openid from 'openid-client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { rewriteJson } from '../../sandbox/faults.ts'
import { startGoogle } from '../../sandbox/identity/google.ts'
import type { SandboxOpenIdProvider } from '../../sandbox/identity/openid-provider.ts'
import { demoPeople, type Person } from '../../sandbox/identity/people.ts'
import { HttpBrowser } from '../http-browser.ts'

const client = { clientId: '1234-abc.apps.googleusercontent.com', clientSecret: 'GOCSPX-secret' }
const redirectUri = 'http://127.0.0.1:9/oauth2callback/google'
const [ada, misaki, renee] = demoPeople as [Person, Person, Person]
const newcomer: Person = {
  name: 'Newcomer',
  subjects: { amazon: 'amzn1.account.NEW', google: '100000000000000000001', facebook: '1' },
}

let google: SandboxOpenIdProvider
beforeAll(async () => {
  google = await startGoogle({ client, people: [...demoPeople, newcomer] })
  google.registerRedirectUri(redirectUri)
})
afterAll(() => google.close())
afterEach(() => {
  vi.useRealTimers()
})

const discover = (secret = client.clientSecret) =>
  openid.discovery(new URL(google.url), client.clientId, undefined, openid.ClientSecretPost(secret), {
    execute: [openid.allowInsecureRequests, openid.enableNonRepudiationChecks],
  })

const verifier = openid.randomPKCECodeVerifier()
let configuration: openid.Configuration
beforeEach(async () => {
  configuration = await discover()
})

const authorizationUrl = async (parameters: Record<string, string> = {}) =>
  openid.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope: 'openid email profile',
    state: 'a state',
    nonce: 'a nonce',
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...parameters,
  }).href

const signIn = async (person: Person, parameters?: Record<string, string>, browser = new HttpBrowser()) =>
  browser.continueAs(person.subjects.google, await authorizationUrl(parameters))

const redeem = (back: URL, checks: openid.AuthorizationCodeGrantChecks = {}, using = configuration) =>
  openid.authorizationCodeGrant(using, back, {
    expectedState: 'a state',
    expectedNonce: 'a nonce',
    pkceCodeVerifier: verifier,
    idTokenExpected: true,
    ...checks,
  })

const tokenError = async (form: Record<string, string>) => {
  const response = await fetch(`${google.url}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: client.clientId,
      client_secret: client.clientSecret,
      redirect_uri: redirectUri,
      code_verifier: verifier,
      ...form,
    }),
  })
  return { status: response.status, body: await response.json() }
}

describe('sandbox Google: sign-in', () => {
  test('ends in an ID token with Google’s claims, signed RS256, that openid-client accepts', async () => {
    const tokens = await redeem(await signIn(renee))
    expect(decodeProtectedHeader(tokens.id_token ?? '')).toMatchObject({
      alg: 'RS256',
      kid: expect.any(String),
    })
    expect(tokens.claims()).toMatchObject({
      iss: google.url,
      aud: client.clientId,
      azp: client.clientId,
      sub: renee.subjects.google,
      nonce: 'a nonce',
      email: 'renee.ohara+aws@corp.example',
      email_verified: true,
      hd: 'corp.example',
      name: 'Renée O’Hara-Núñez',
      given_name: 'Renée',
      family_name: 'O’Hara-Núñez',
      picture: expect.stringContaining(google.url),
    })
    expect(tokens.expires_in).toBe(3599)
    expect(tokens.refresh_token).toBe(undefined)
    const { picture } = tokens.claims() as { picture: string } & openid.IDToken
    expect((await fetch(picture)).status).toBe(200)
  })

  test('leaves out the claims that a person lacks', async () => {
    const claims = (await redeem(await signIn(misaki))).claims()
    for (const absent of ['email', 'email_verified', 'given_name', 'family_name', 'hd']) {
      expect(claims).not.toHaveProperty(absent)
    }
    expect(claims).toMatchObject({ name: '美咲' })
  })

  test('answers userinfo about the same person', async () => {
    const { access_token } = await redeem(await signIn(ada))
    const userInfo = await openid.fetchUserInfo(configuration, access_token, ada.subjects.google)
    expect(userInfo).toMatchObject({ email: 'ada@example.com', name: 'Ada Example' })
  })

  test('answers Cancel with access_denied and the state', async () => {
    const back = await new HttpBrowser().cancel(await authorizationUrl())
    expect(back.searchParams.get('error')).toBe('access_denied')
    expect(back.searchParams.get('state')).toBe('a state')
    expect(back.searchParams.has('code')).toBe(false)
  })

  test('lets one browser sign in as two people side by side, and asks each time', async () => {
    const browser = new HttpBrowser()
    const first = await browser.open(await authorizationUrl())
    const second = await redeem(await signIn(misaki, {}, browser))
    const third = await redeem(await signIn(ada, { prompt: 'select_account' }, browser))
    const late = await redeem(await browser.continueAs(renee.subjects.google, first.url))
    expect([second, third, late].map((tokens) => tokens.claims()?.sub)).toEqual(
      [misaki, ada, renee].map((person) => person.subjects.google),
    )
  })

  test('answers prompt=none with login_required, since nobody stays signed in', async () => {
    const browser = new HttpBrowser()
    await signIn(ada, {}, browser)
    const { url } = await browser.open(await authorizationUrl({ prompt: 'none' }))
    expect(new URL(url).searchParams.get('error')).toBe('login_required')
  })

  test.each([
    ['redirect_uri_mismatch', { redirect_uri: `${redirectUri}/` }],
    ['invalid_client', { client_id: 'other.apps.googleusercontent.com' }],
  ])('shows %s on a page and never redirects', async (name, parameters) => {
    const page = await new HttpBrowser().open(await authorizationUrl(parameters))
    expect(page.status).toBe(400)
    expect(page.body).toContain(name)
    expect(page.headers.has('location')).toBe(false)
  })

  test('refuses an access_type that Google does not know', async () => {
    const { url } = await new HttpBrowser().open(await authorizationUrl({ access_type: 'forever' }))
    expect(new URL(url).searchParams.get('error')).toBe('invalid_request')
  })

  test('shows a page for a sign-in that has ended', async () => {
    const page = await new HttpBrowser().open(`${google.url}/interaction/long-gone`)
    expect(page.status).toBe(400)
    expect(page.body).toContain('Please start again')
  })
})

describe('sandbox Google: code exchange', () => {
  test('refuses a wrong secret with 401 invalid_client', async () => {
    const back = await signIn(ada)
    await expect(redeem(back, {}, await discover('wrong'))).rejects.toMatchObject({
      status: 401,
      error: 'invalid_client',
    })
  })

  test('refuses a wrong PKCE verifier', async () => {
    const back = await signIn(ada)
    await expect(redeem(back, { pkceCodeVerifier: 'w'.repeat(43) })).rejects.toMatchObject({
      status: 400,
      error: 'invalid_grant',
    })
  })

  test('refuses another redirect URI under Google’s own error name', async () => {
    const code = (await signIn(ada)).searchParams.get('code') ?? ''
    expect(await tokenError({ code, redirect_uri: `${redirectUri}?` })).toEqual({
      status: 400,
      body: { error: 'redirect_uri_mismatch', error_description: 'Bad Request' },
    })
  })

  test('refuses a code that comes again and revokes what the first exchange got', async () => {
    const back = await signIn(ada)
    const { access_token } = await redeem(back)
    expect((await openid.fetchUserInfo(configuration, access_token, ada.subjects.google)).sub).toBeTruthy()
    await expect(redeem(back)).rejects.toMatchObject({ status: 400, error: 'invalid_grant' })
    await expect(
      openid.fetchUserInfo(configuration, access_token, ada.subjects.google),
    ).rejects.toMatchObject({
      status: 401,
    })
  })

  test('refuses a code after ten minutes', async () => {
    const code = (await signIn(ada)).searchParams.get('code') ?? ''
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 601_000 })
    expect(await tokenError({ code })).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })
})

describe('sandbox Google: refresh token', () => {
  const offline = { access_type: 'offline' }

  test('comes with the first consent, and later with prompt=consent only', async () => {
    const first = await redeem(await signIn(newcomer, offline))
    const second = await redeem(await signIn(newcomer, offline))
    const third = await redeem(await signIn(newcomer, { ...offline, prompt: 'consent' }))
    expect([first, second, third].map((tokens) => typeof tokens.refresh_token)).toEqual([
      'string',
      'undefined',
      'string',
    ])
  })

  test('gets a new ID token, and nothing more once it is revoked', async () => {
    const { refresh_token = '' } = await redeem(await signIn(ada, { ...offline, prompt: 'consent' }))
    const refreshed = await openid.refreshTokenGrant(configuration, refresh_token)
    expect(refreshed.claims()).toMatchObject({ sub: ada.subjects.google, email: 'ada@example.com' })

    const revoke = () =>
      fetch(`${google.url}/revoke`, { method: 'POST', body: new URLSearchParams({ token: refresh_token }) })
    expect((await revoke()).status).toBe(200)
    await expect(openid.refreshTokenGrant(configuration, refresh_token)).rejects.toMatchObject({
      error: 'invalid_grant',
      error_description: 'Token has been expired or revoked.',
    })
    const again = await revoke()
    expect(again.status).toBe(400)
    expect(await again.json()).toMatchObject({ error: 'invalid_token' })
  })
})

describe('sandbox Google: keys', () => {
  const publishedKids = async () => {
    const { keys } = await (await fetch(`${google.url}/oauth2/v3/certs`)).json()
    return keys.map((key: { kid: string; d?: string }) => {
      expect(key).not.toHaveProperty('d')
      return key.kid
    })
  }

  test('signs with a new key after a rotation and publishes the one before until the next', async () => {
    const kidOf = async () => {
      // A fresh configuration, since openid-client does not fetch keys twice within a minute.
      const tokens = await redeem(await signIn(ada), {}, await discover())
      return decodeProtectedHeader(tokens.id_token ?? '').kid
    }
    const first = await kidOf()
    await google.rotateKeys()
    const second = await kidOf()
    expect(second).not.toBe(first)
    expect(await publishedKids()).toEqual([second, first])
    await google.rotateKeys()
    expect(await publishedKids()).toEqual([await kidOf(), second])
  })

  test('finishes after a rotation a sign-in that began before it', async () => {
    const back = await signIn(ada)
    await google.rotateKeys()
    expect((await redeem(back)).claims()?.sub).toBe(ada.subjects.google)
  })
})

describe('sandbox Google: signIdToken', () => {
  /** Hands openid-client this token in place of the true one. */
  const redeemInstead = async (idToken: string) => {
    const back = await signIn(ada)
    google.faults.plan(
      '/token',
      rewriteJson((body) => ({ ...body, id_token: idToken })),
    )
    return redeem(back)
  }

  test('makes a token that is accepted when everything in it is true', async () => {
    const claims = { ...google.idTokenClaims(ada), nonce: 'a nonce' }
    const tokens = await redeemInstead(await google.signIdToken(claims))
    expect(tokens.claims()).toEqual(decodeJwt(await google.signIdToken(claims)))
  })

  test.each([
    ['another audience', { aud: 'other.apps.googleusercontent.com' }],
    ['another issuer', { iss: 'https://accounts.evil.example' }],
    ['another nonce', { nonce: 'another' }],
    ['an expiry in the past', { exp: 1 }],
  ])('makes a token with %s that openid-client refuses', async (_what, wrong) => {
    const token = await google.signIdToken({ ...google.idTokenClaims(ada), nonce: 'a nonce', ...wrong })
    expect(decodeJwt(token)).toMatchObject(wrong)
    await expect(redeemInstead(token)).rejects.toThrow()
  })

  test('signs by a foreign key, by a shared secret, or not at all, which openid-client refuses', async () => {
    const claims = { ...google.idTokenClaims(ada), nonce: 'a nonce' }
    const { privateKey } = await generateKeyPair('RS256')
    const forged = await google.signIdToken(claims, { key: privateKey })
    const symmetric = await google.signIdToken(claims, { alg: 'HS256', key: new Uint8Array(32) })
    const unsigned = await google.signIdToken(claims, { alg: 'none' })
    expect([forged, symmetric, unsigned].map((token) => decodeProtectedHeader(token).alg)).toEqual([
      'RS256',
      'HS256',
      'none',
    ])
    for (const token of [forged, symmetric, unsigned]) await expect(redeemInstead(token)).rejects.toThrow()
  })
})
