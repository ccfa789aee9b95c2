import { createHash } from 'node:crypto'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { ada, signInUpToCallback } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { alsoStart, keepForm, queryOf, useSituation } from './situation.ts'

const situation = useSituation()

const providers = ['amazon', 'google', 'facebook'] as const
type Provider = (typeof providers)[number]

const start = async (provider: Provider, query = '') => {
  const { status, headers } = await request(situation.application.server).get(
    `/initiateLogin/${provider}${query}`,
  )
  return { status, headers, url: new URL(headers.location ?? 'none:') }
}

const callbackUri = (provider: Provider) => `${situation.application.url}/oauth2callback/${provider}`

const random = expect.stringMatching(/^[\w-]{43,}$/)

describe('GET /initiateLogin/:provider', () => {
  it('sends the browser to Amazon with a state and an S256 challenge', async () => {
    const { status, url } = await start('amazon')
    const { AMAZON_AUTHORIZE_URL, AMAZON_APP_ID } = situation.sandbox.environment
    expect(status).toBe(302)
    expect(url.origin + url.pathname).toBe(AMAZON_AUTHORIZE_URL)
    expect(queryOf(url)).toMatchObject({
      client_id: AMAZON_APP_ID,
      response_type: 'code',
      scope: 'profile',
      redirect_uri: callbackUri('amazon'),
      state: random,
      code_challenge: random,
      code_challenge_method: 'S256',
    })
    expect(queryOf(url)).not.toHaveProperty('nonce')
  })

  it('sends the browser to Google with a state, a nonce and an S256 challenge', async () => {
    const { status, url } = await start('google')
    const { GOOGLE_ISSUER, GOOGLE_APP_ID } = situation.sandbox.environment
    expect(status).toBe(302)
    expect(url.origin + url.pathname).toBe(`${GOOGLE_ISSUER}/o/oauth2/v2/auth`)
    expect(queryOf(url)).toMatchObject({
      client_id: GOOGLE_APP_ID,
      response_type: 'code',
      scope: 'openid email profile',
      redirect_uri: callbackUri('google'),
      state: random,
      nonce: random,
      code_challenge: random,
      code_challenge_method: 'S256',
    })
  })

  it('sends the browser to Facebook with a state, and with nothing that Facebook does not know', async () => {
    const { status, url } = await start('facebook')
    const { FACEBOOK_DIALOG_URL, FACEBOOK_APP_ID } = situation.sandbox.environment
    expect(status).toBe(302)
    expect(url.origin + url.pathname).toBe(FACEBOOK_DIALOG_URL)
    expect(queryOf(url)).toEqual({
      client_id: FACEBOOK_APP_ID,
      response_type: 'code',
      scope: 'public_profile,email',
      redirect_uri: callbackUri('facebook'),
      state: random,
    })
  })

  it.each(providers)('asks %s for nothing that its own address says', async (provider) => {
    const wanted = {
      client_id: 'x',
      scope: 'x',
      redirect_uri: 'https://evil.example/',
      response_type: 'token',
    }
    const others = { state: 'x', nonce: 'x', prompt: 'none', authorization_endpoint: 'https://evil.example/' }
    const asked = await start(provider, `?${new URLSearchParams({ ...wanted, ...others })}`)
    const plain = await start(provider)
    const fixed = ({ url }: { url: URL }) => {
      const { state: _, nonce: __, code_challenge: ___, ...rest } = queryOf(url)
      return [url.origin, url.pathname, rest]
    }
    expect(fixed(asked)).toEqual(fixed(plain))
    expect(Object.values(queryOf(asked.url))).not.toContain('x')
  })

  it.each(providers)('never puts a secret of %s into the address', async (provider) => {
    const { url } = await start(provider)
    expect(url.href).not.toContain(situation.sandbox.environment[`${provider.toUpperCase()}_APP_SECRET`])
  })

  it.each(providers)('draws every random value anew for %s', async (provider) => {
    const random = ['state', 'nonce', 'code_challenge']
    const urls = await Promise.all(Array.from({ length: 8 }, () => start(provider)))
    const values = urls.flatMap(({ url }) => random.flatMap((name) => queryOf(url)[name] ?? []))
    expect(new Set(values).size).toBe(values.length)
    expect(values.length).toBe(8 * { amazon: 2, google: 3, facebook: 1 }[provider])
  })

  it('keeps to itself the PKCE verifier that answers the challenge, until the code is exchanged', async () => {
    const browser = new HttpBrowser()
    const forms: URLSearchParams[] = []
    situation.sandbox.amazon.faults.plan('/auth/o2/token', keepForm(forms))
    const { location } = await browser.get(`${situation.application.url}/initiateLogin/amazon`)
    await browser.get(await browser.continueAs(ada.subjects.amazon, location ?? ''))
    const verifier = forms[0]?.get('code_verifier') ?? ''
    expect(createHash('sha256').update(verifier).digest('base64url')).toBe(queryOf(location).code_challenge)
    expect(browser.cookies.map(({ value }) => value).join()).not.toContain(verifier)
  })

  it('carries nothing of the attempt readably in its cookie', async () => {
    const { headers, url } = await start('google', '?returnPath=%2Fs3%2Fphotos')
    const [cookie = ''] = headers['set-cookie'] ?? []
    const { state = '', nonce = '' } = queryOf(url)
    const sealed = /=([^;]+)/.exec(cookie)?.[1] ?? ''
    for (const text of [cookie, Buffer.from(sealed, 'base64url').toString('latin1')]) {
      for (const word of [state, nonce, 'photos', 'google', 'oauth2callback'])
        expect(text).not.toContain(word)
    }
  })
})

describe('the attempt cookie', () => {
  const attributesOf = async (headers: Record<string, string>) => {
    const answer = await request(situation.application.server).get('/initiateLogin/amazon').set(headers)
    const [cookie = '', ...others] = answer.headers['set-cookie'] ?? []
    expect(others).toEqual([])
    const [pair = '', ...attributes] = cookie.split('; ')
    return { name: pair.split('=')[0], attributes: attributes.map((one) => one.split('=')[0]), cookie }
  }

  it('over HTTP is HttpOnly, SameSite=Lax and short-lived', async () => {
    const { name, attributes, cookie } = await attributesOf({})
    expect(name).toMatch(/^attempt-/)
    expect(attributes).toEqual(expect.arrayContaining(['Path', 'HttpOnly', 'SameSite', 'Max-Age']))
    expect(attributes).not.toContain('Secure')
    expect(attributes).not.toContain('Domain')
    expect(cookie).toContain('SameSite=Lax')
    expect(cookie).toContain('Path=/;')
    expect(Number(/Max-Age=(\d+)/.exec(cookie)?.[1])).toBeLessThanOrEqual(3600)
  })

  it('over HTTPS is Secure and has the __Host- prefix, which no other host can set', async () => {
    const { name, attributes, cookie } = await attributesOf({ 'X-Forwarded-Proto': 'https' })
    expect(name).toMatch(/^__Host-attempt-/)
    expect(attributes).toContain('Secure')
    expect(attributes).not.toContain('Domain')
    expect(cookie).toContain('Path=/;')
  })

  it('over HTTPS does not let an attempt in whose cookie lacks the prefix', async () => {
    const browser = new HttpBrowser()
    const callback = await signInUpToCallback(browser, situation.application, 'amazon')
    const stripped = browser.cookies
      .filter(({ name }) => name.startsWith('attempt-'))
      .map(({ name, value }) => `${name}=${value}`)
    const { headers } = await new HttpBrowser().get(callback, {
      cookie: stripped.join('; '),
      'x-forwarded-proto': 'https',
    })
    expect(headers.getSetCookie().join()).not.toMatch(/session=/)
  })
})

describe('a whole sign-in over HTTPS', () => {
  it('ends with a Secure __Host- session cookie', async () => {
    const { application, sandbox } = situation
    sandbox.registerApplication(application.url.replace('http:', 'https:'))
    const https = { 'x-forwarded-proto': 'https' }
    const browser = new HttpBrowser()
    const { location } = await browser.get(`${application.url}/initiateLogin/amazon`, https)
    expect(queryOf(location).redirect_uri).toBe(callbackUri('amazon').replace('http:', 'https:'))
    const callback = await browser.continueAs(ada.subjects.amazon, location ?? '')
    callback.protocol = 'http:'
    const { headers } = await browser.get(callback, https)
    const session = headers.getSetCookie().find((cookie) => cookie.includes('session='))
    expect(session).toMatch(/^__Host-session=/)
    for (const attribute of ['Secure', 'HttpOnly', 'SameSite=Lax', 'Path=/'])
      expect(session).toContain(attribute)
    const page = await browser.get(`${application.url}/s3/`, https)
    expect(page.status).toBe(200)
  })
})

describe('GET /initiateLogin/:provider under PUBLIC_URL', () => {
  it('makes Secure cookies where the address is HTTPS, whatever the proxy forgets to say', async () => {
    const application = await alsoStart(situation.sandbox, { PUBLIC_URL: 'https://buckets.example' })
    const answer = await request(application.server)
      .get('/initiateLogin/amazon')
      .set('Host', 'buckets.example')
    expect(answer.headers['set-cookie']?.[0]).toMatch(/^__Host-attempt-.*; Secure/)
    expect(answer.headers['strict-transport-security']).toBeDefined()
  })
})
