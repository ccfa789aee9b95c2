import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type SandboxFacebook, startFacebook } from '../../sandbox/identity/facebook.ts'
import { demoPeople, type Person } from '../../sandbox/identity/people.ts'
import { HttpBrowser } from '../http-browser.ts'

const client = {
  appId: '1234567890123456',
  appSecret: '0123456789abcdef0123456789abcdef',
  appName: 'Buckets',
}
const redirectUri = 'http://127.0.0.1:9/oauth2callback/facebook'
const [ada, misaki] = demoPeople as [Person, Person]

let facebook: SandboxFacebook
let now = 0
beforeAll(async () => {
  facebook = await startFacebook({ client, clock: () => now })
  facebook.registerRedirectUri(redirectUri)
})
afterAll(() => facebook.close())
beforeEach(() => {
  now = Date.UTC(2026, 10, 1)
})

const dialogUrl = (parameters: Record<string, string> = {}, version = 'v26.0') =>
  `${facebook.url}/${version}/dialog/oauth?${new URLSearchParams({
    client_id: client.appId,
    redirect_uri: redirectUri,
    scope: 'public_profile,email',
    state: 'a state',
    ...parameters,
  })}`

const codeFor = async (person: Person) =>
  (await new HttpBrowser().continueAs(person.subjects.facebook, dialogUrl())).searchParams.get('code') ?? ''

const call = async (path: string, query: Record<string, string> = {}, init?: RequestInit) => {
  const response = await fetch(`${facebook.url}${path}?${new URLSearchParams(query)}`, init)
  return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) }
}
const exchange = (query: Record<string, string>) =>
  call('/v26.0/oauth/access_token', {
    client_id: client.appId,
    client_secret: client.appSecret,
    redirect_uri: redirectUri,
    ...query,
  })
const proofOf = (token: string, secret = client.appSecret) =>
  createHmac('sha256', secret).update(token).digest('hex')
const debug = (token: string, accessToken = `${client.appId}|${client.appSecret}`) =>
  call('/debug_token', { input_token: token, access_token: accessToken })

describe('sandbox Facebook: dialog', () => {
  test('sends the browser back with code and state in the query and #_=_ behind', async () => {
    const back = await new HttpBrowser().continueAs(ada.subjects.facebook, dialogUrl())
    expect(Object.fromEntries(back.searchParams)).toEqual({ code: expect.any(String), state: 'a state' })
    expect(back.hash).toBe('#_=_')
  })

  test('answers Cancel in all four of its error parameters', async () => {
    const back = await new HttpBrowser().cancel(dialogUrl())
    expect(Object.fromEntries(back.searchParams)).toEqual({
      error: 'access_denied',
      error_code: '200',
      error_description: 'Permissions error',
      error_reason: 'user_denied',
      state: 'a state',
    })
  })

  test.each([
    ['an unknown app', { client_id: '1' }],
    ['an unlisted redirect URI', { redirect_uri: `${redirectUri}/` }],
  ])('shows a page and never redirects for %s', async (_what, parameters) => {
    const page = await new HttpBrowser().open(dialogUrl(parameters))
    expect(page.status).toBe(400)
    expect(page.headers.has('location')).toBe(false)
  })

  test.each([
    ['an unknown permission', { scope: 'email,user_birthday' }],
    ['another response type', { response_type: 'token' }],
  ])('reports %s as error_code and error_message, without error', async (_what, parameters) => {
    const back = new URL((await new HttpBrowser().open(dialogUrl(parameters))).url)
    expect(back.searchParams.get('error_code')).toBe('100')
    expect(back.searchParams.get('error_message')).not.toBe(null)
    expect(back.searchParams.has('error')).toBe(false)
  })

  test.each(['v21.0', 'v25.0'])('is there under the living version %s', async (version) => {
    expect((await new HttpBrowser().open(dialogUrl({}, version))).status).toBe(200)
  })

  test.each(['v20.0', 'v26', 'v99.0'])('is not there under %s', async (version) => {
    expect((await new HttpBrowser().open(dialogUrl({}, version))).status).toBe(400)
  })
})

describe('sandbox Facebook: code exchange', () => {
  test('answers a code with a token, as JSON that is labelled text/javascript', async () => {
    const { status, headers, body } = await exchange({ code: await codeFor(ada) })
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/javascript; charset=UTF-8')
    expect(body).toEqual({
      access_token: expect.stringMatching(/^EAA/),
      token_type: 'bearer',
      expires_in: 5_183_944,
    })
  })

  test('takes the parameters as a posted form as well', async () => {
    const form = {
      client_id: client.appId,
      client_secret: client.appSecret,
      redirect_uri: redirectUri,
      code: await codeFor(ada),
    }
    const answer = await call('/oauth/access_token', {}, { method: 'POST', body: new URLSearchParams(form) })
    expect(answer.body.access_token).toMatch(/^EAA/)
  })

  test.each([
    ['a wrong secret', { client_secret: 'wrong' }, { code: 1, message: 'Error validating client secret.' }],
    ['an unknown app', { client_id: '1' }, { code: 101 }],
    ['another redirect URI', { redirect_uri: `${redirectUri}?` }, { code: 100, error_subcode: 36008 }],
    ['an invented code', { code: 'invented' }, { code: 100, message: 'Invalid verification code format.' }],
    ['no redirect URI', { redirect_uri: '' }, { code: 191 }],
  ])('refuses %s with a Graph error', async (_what, wrong, error) => {
    const answer = await exchange({ code: await codeFor(ada), ...wrong })
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { type: 'OAuthException', fbtrace_id: expect.any(String), ...error } },
    })
  })

  test('refuses an expired code', async () => {
    const code = await codeFor(ada)
    now += 10 * 60_000
    expect((await exchange({ code })).body.error).toMatchObject({ code: 100, error_subcode: 36007 })
  })

  test('refuses a code that comes again and revokes what the first exchange got', async () => {
    const code = await codeFor(ada)
    const { access_token } = (await exchange({ code })).body
    expect((await debug(access_token)).body.data.is_valid).toBe(true)

    expect((await exchange({ code })).body.error).toMatchObject({ code: 100, error_subcode: 36009 })
    expect((await debug(access_token)).body.data).toMatchObject({ is_valid: false, error: { subcode: 458 } })
  })
})

describe('sandbox Facebook: debug_token', () => {
  test('tells the application about its own token', async () => {
    const token = facebook.issueAccessToken(ada, { lifetimeSeconds: 60 })
    expect((await debug(token)).body.data).toEqual({
      app_id: client.appId,
      application: 'Buckets',
      data_access_expires_at: now / 1000 + 60,
      expires_at: now / 1000 + 60,
      is_valid: true,
      issued_at: now / 1000,
      scopes: ['public_profile', 'email'],
      type: 'USER',
      user_id: ada.subjects.facebook,
    })
    now += 60_000
    expect((await debug(token)).body.data).toMatchObject({
      is_valid: false,
      error: { code: 190, subcode: 463 },
    })
  })

  test('calls an invented token invalid', async () => {
    expect((await debug('EAAinvented')).body.data).toMatchObject({ is_valid: false, error: { code: 190 } })
  })

  test('refuses to look at a token of another application', async () => {
    const { status, body } = await debug(facebook.issueAccessToken(ada, { appId: '42' }))
    expect(status).toBe(400)
    expect(body.error).toMatchObject({
      code: 100,
      message: expect.stringContaining('did not match the Viewing App'),
    })
  })

  test('refuses a caller whose app access token is wrong', async () => {
    const token = facebook.issueAccessToken(ada)
    expect((await debug(token, `${client.appId}|wrong`)).body.error.code).toBe(190)
    expect((await debug(token, token)).body.error.code).toBe(190)
  })
})

describe('sandbox Facebook: Graph API', () => {
  const me = (token: string, query: Record<string, string>) =>
    call('/v26.0/me', query, { headers: { authorization: `Bearer ${token}` } })

  test('answers the fields that were asked for, with a picture that the sandbox itself serves', async () => {
    const token = facebook.issueAccessToken(ada)
    const fields = 'id,name,first_name,email,picture'
    const { body } = await me(token, { fields, appsecret_proof: proofOf(token) })
    expect(body).toMatchObject({
      id: ada.subjects.facebook,
      name: 'Ada Example',
      first_name: 'Ada',
      email: 'ada@example.com',
    })
    const picture = await fetch(body.picture.data.url)
    expect(picture.headers.get('content-type')).toContain('image/svg+xml')
    expect(await picture.text()).toContain('>A</text>')
  })

  test('leaves out an e-mail address that was not permitted, and one that there is not', async () => {
    for (const token of [
      facebook.issueAccessToken(ada, { scopes: ['public_profile'] }),
      facebook.issueAccessToken(misaki),
    ]) {
      const { body } = await me(token, { fields: 'id,email', appsecret_proof: proofOf(token) })
      expect(Object.keys(body)).toEqual(['id'])
    }
  })

  test('answers /app and /me?fields=id without a proof, as AWS STS asks for them', async () => {
    const token = facebook.issueAccessToken(ada)
    const app = await call('/v26.0/app', { access_token: token })
    expect(app.body).toMatchObject({ id: client.appId, name: 'Buckets', link: expect.any(String) })
    const subject = await call('/me', { fields: 'id', access_token: token })
    expect(subject.body).toEqual({ id: ada.subjects.facebook })
  })

  test('names the other application that a token was issued to', async () => {
    const token = facebook.issueAccessToken(ada, { appId: '42', appName: 'Other' })
    expect((await call('/app', { access_token: token })).body).toMatchObject({ id: '42', name: 'Other' })
  })

  test.each([
    ['fields=id', { fields: 'id' }],
    ['more than the id', { fields: 'id,name' }],
  ])('refuses a wrong appsecret_proof for %s', async (_what, query) => {
    const token = facebook.issueAccessToken(ada)
    for (const proof of [proofOf(token, 'other secret'), proofOf(`${token}x`), 'proof']) {
      const { status, body } = await me(token, { ...query, appsecret_proof: proof })
      expect(status).toBe(400)
      expect(body.error).toMatchObject({ type: 'GraphMethodException', code: 100 })
    }
  })

  test('refuses more than the id without a proof unless the setting is off', async () => {
    const token = facebook.issueAccessToken(ada)
    expect((await me(token, { fields: 'id,name' })).body.error.message).toContain(
      'require an appsecret_proof',
    )
    expect((await me(token, {})).body.error.message).toContain('require an appsecret_proof')

    const lenient = await startFacebook({ client, requireProof: false })
    const answer = await fetch(`${lenient.url}/me?access_token=${lenient.issueAccessToken(ada)}`)
    await lenient.close()
    expect(await answer.json()).toEqual({ id: ada.subjects.facebook, name: 'Ada Example' })
  })

  test('refuses a missing, an invented and an expired token', async () => {
    expect((await call('/me', { fields: 'id' })).body.error.code).toBe(2500)
    expect((await me('EAAinvented', { fields: 'id' })).body.error.code).toBe(190)
    const token = facebook.issueAccessToken(ada, { lifetimeSeconds: 1 })
    now += 1_000
    expect((await me(token, { fields: 'id' })).body.error).toMatchObject({ code: 190, error_subcode: 463 })
  })

  test('refuses a field that there is not', async () => {
    const token = facebook.issueAccessToken(ada)
    const { body } = await me(token, { fields: 'id,shoe_size', appsecret_proof: proofOf(token) })
    expect(body.error).toMatchObject({ code: 100, message: expect.stringContaining('shoe_size') })
  })

  test('ends every token of a person who withdraws the permissions, and nobody else’s', async () => {
    const [first, second, other] = [ada, ada, misaki].map((person) => facebook.issueAccessToken(person)) as [
      string,
      string,
      string,
    ]
    const query = { access_token: first, appsecret_proof: proofOf(first) }
    const { body } = await call('/v26.0/me/permissions', query, { method: 'DELETE' })
    expect(body).toEqual({ success: true })
    for (const token of [first, second]) {
      expect((await me(token, { fields: 'id' })).body.error).toMatchObject({ code: 190, error_subcode: 458 })
    }
    expect((await me(other, { fields: 'id' })).status).toBe(200)
  })
})
