import { createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import type { JWTPayload } from 'jose'
import { describe, expect, it } from 'vitest'
import { rewriteJson } from '../../sandbox/faults.ts'
import { demoPeople, type Person } from '../../sandbox/identity/people.ts'
import type { SigningOptions } from '../../sandbox/identity/signing-keys.ts'
import { ada, signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import {
  askForBuckets,
  expectRefusal,
  expectSignedInAs,
  expectSignedOut,
  queryOf,
  useSituation,
} from './situation.ts'

const situation = useSituation()
const renee = demoPeople[2] as Person

/** A sign-in at Google in which the token endpoint hands out the token that `forge` makes of the true claims. */
async function signInWith(forge: (claims: JWTPayload) => unknown) {
  const { application, sandbox } = situation
  const browser = new HttpBrowser()
  const { location } = await browser.get(`${application.url}/initiateLogin/google`)
  const { nonce } = queryOf(location)
  const idToken = await forge({ ...sandbox.google.idTokenClaims(ada), nonce })
  sandbox.google.faults.plan(
    '/token',
    rewriteJson((body) => ({ ...body, id_token: idToken })),
  )
  const callback = await browser.continueAs(ada.subjects.google, location ?? '')
  const before = sandbox.sts.exchanges.length
  const answer = await browser.get(callback)
  return { browser, answer, stsCalls: sandbox.sts.exchanges.length - before }
}

const sign = (claims: JWTPayload, options?: SigningOptions) =>
  situation.sandbox.google.signIdToken(claims, options)

async function expectRefused(forge: (claims: JWTPayload) => unknown, ...codes: string[]) {
  const { browser, answer, stsCalls } = await signInWith(forge)
  const code = codes.find((one) => answer.body.includes(one)) ?? codes[0] ?? ''
  expectRefusal(answer, code === 'provider.answer_invalid' ? 502 : 403, code)
  expect(stsCalls).toBe(0)
  await expectSignedOut(browser, situation.application)
}

const publishedKeys = async () => {
  const answer = await fetch(`${situation.sandbox.google.url}/oauth2/v3/certs`)
  const { keys } = (await answer.json()) as { keys: (JsonWebKey & { kid: string })[] }
  return keys
}

const seconds = (offset: number) => Math.floor(Date.now() / 1000) + offset
const minute = 60
const week = 7 * 24 * 3600
const other = 'somebody-else.apps.googleusercontent.com'

describe("Google's ID token", () => {
  it('made by this very harness with true claims is accepted', async () => {
    const { browser, answer, stsCalls } = await signInWith((claims) => sign(claims))
    expect(answer.status).toBe(303)
    expect(stsCalls).toBe(1)
    await expectSignedInAs('Ada Example', browser, situation.application)
  })

  it('with a clock that is a few minutes off is accepted', async () => {
    const { answer } = await signInWith((claims) => sign({ ...claims, iat: seconds(4 * minute) }))
    expect(answer.status).toBe(303)
  })

  it.each([
    [true, 'ada@example.com'],
    ['true', 'ada@example.com'],
    [false, ada.subjects.google],
    [undefined, ada.subjects.google],
  ])('with email_verified %j has the role session named %s', async (verified, name) => {
    await signInWith((claims) => sign({ ...claims, email: 'ada@example.com', email_verified: verified }))
    const issued = situation.application.log.filter(({ audit }) => audit === 'sts_exchange')
    expect(issued.at(-1)).toMatchObject({ outcome: 'ok', roleSessionName: name })
  })

  it('is believed before the userinfo endpoint, which only adds what the token leaves out', async () => {
    const { browser, answer } = await signInWith(({ email: _, ...claims }) =>
      sign({ ...claims, name: 'Name Of The Token' }),
    )
    expect(answer.status).toBe(303)
    await expectSignedInAs('Name Of The Token', browser, situation.application)
    expect((await askForBuckets(browser, situation.application)).body).toContain(ada.email)
  })

  const wrongClaims: [title: string, change: (claims: JWTPayload) => JWTPayload][] = [
    ['another issuer', (claims) => ({ ...claims, iss: 'https://evil.example' })],
    ['an issuer with a slash too many', (claims) => ({ ...claims, iss: `${claims.iss}/` })],
    ['no issuer', ({ iss: _, ...claims }) => claims],
    ['another audience', (claims) => ({ ...claims, aud: other, azp: other })],
    ['another audience, but our azp', (claims) => ({ ...claims, aud: other })],
    ['no audience', ({ aud: _, ...claims }) => claims],
    ['an empty list of audiences', (claims) => ({ ...claims, aud: [] })],
    [
      'two audiences and no azp',
      ({ azp: _, ...claims }) => ({ ...claims, aud: [String(claims.aud), other] }),
    ],
    ['another nonce', (claims) => ({ ...claims, nonce: 'x'.repeat(43) })],
    ['no nonce', ({ nonce: _, ...claims }) => claims],
    [
      'an expiry ten minutes ago',
      (claims) => ({ ...claims, iat: seconds(-70 * minute), exp: seconds(-10 * minute) }),
    ],
    ['no expiry', ({ exp: _, ...claims }) => claims],
    ['an expiry that is text', (claims) => ({ ...claims, exp: 'tomorrow' }) as unknown as JWTPayload],
    ['an issue date ten minutes ahead', (claims) => ({ ...claims, iat: seconds(10 * minute) })],
    ['an issue date a week old', (claims) => ({ ...claims, iat: seconds(-week) })],
    ['no issue date', ({ iat: _, ...claims }) => claims],
    ['a start of validity ten minutes ahead', (claims) => ({ ...claims, nbf: seconds(10 * minute) })],
    ['no subject', ({ sub: _, ...claims }) => claims],
    ['an empty subject', (claims) => ({ ...claims, sub: '' })],
    ['a subject that is no text', (claims) => ({ ...claims, sub: { id: 1 } }) as unknown as JWTPayload],
  ]
  it.each(wrongClaims)('with %s is refused', async (_title, change) => {
    await expectRefused((claims) => sign(change(claims)), 'provider.token_invalid', 'provider.answer_invalid')
  })

  it.each([
    ['our audience, but another azp', (claims: JWTPayload) => ({ ...claims, azp: other })],
    [
      'two audiences and another azp',
      (claims: JWTPayload) => ({ ...claims, aud: [String(claims.aud), other], azp: other }),
    ],
  ])('with %s is refused', async (_title, change) => {
    await expectRefused((claims) => sign(change(claims)), 'provider.token_not_ours', 'provider.token_invalid')
  })

  const forgeries: [title: string, forge: (claims: JWTPayload) => unknown][] = [
    ['without a signature (alg none)', (claims) => sign(claims, { alg: 'none' })],
    [
      'signed with the client secret (HS256)',
      (claims) =>
        sign(claims, {
          alg: 'HS256',
          key: new TextEncoder().encode(situation.sandbox.environment.GOOGLE_APP_SECRET),
        }),
    ],
    [
      'signed with the public key as a secret (HS256)',
      async (claims) => {
        const [jwk] = await publishedKeys()
        const pem = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }).export({
          type: 'spki',
          format: 'pem',
        })
        return sign(claims, { alg: 'HS256', key: new TextEncoder().encode(String(pem)) })
      },
    ],
    [
      'signed by a key that nobody published, under its own name',
      (claims) =>
        sign(claims, { kid: 'unknown', key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey }),
    ],
    [
      'signed by a foreign key under the name of the published one',
      (claims) => sign(claims, { key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey }),
    ],
    [
      'signed by the right key under a name that nobody published',
      (claims) => sign(claims, { kid: 'unknown' }),
    ],
    [
      'whose claims were changed under the old signature',
      async (claims) => {
        const [head, , signature] = (await sign(claims)).split('.')
        const changed = Buffer.from(JSON.stringify({ ...claims, sub: renee.subjects.google }))
        return `${head}.${changed.toString('base64url')}.${signature}`
      },
    ],
    ['whose signature was cut off', async (claims) => (await sign(claims)).replace(/[^.]+$/, '')],
    [
      'whose signature was changed',
      async (claims) => {
        const [head, body, signature = ''] = (await sign(claims)).split('.')
        return `${head}.${body}.${Buffer.from(signature, 'base64url').reverse().toString('base64url')}`
      },
    ],
    ['that is no token', () => 'not-a-token'],
    ['that is empty', () => ''],
    ['that is missing', () => undefined],
    ['that is null', () => null],
    ['that is an object', () => ({ sub: ada.subjects.google })],
  ]
  it.each(forgeries)('%s is refused', async (_title, forge) => {
    await expectRefused(forge, 'provider.token_invalid', 'provider.answer_invalid')
  })

  it('signed with keys that were rotated a moment ago is accepted at once, and so is the one before', async () => {
    const { google } = situation.sandbox
    expect((await signIn(new HttpBrowser(), situation.application, 'google')).status).toBe(303)
    for (const _ of [1, 2, 3]) {
      await google.rotateKeys()
      expect((await signIn(new HttpBrowser(), situation.application, 'google')).status).toBe(303)
    }
    const { answer } = await signInWith(async (claims) => {
      const before = await sign(claims)
      await google.rotateKeys()
      return before
    })
    expect(answer.status).toBe(303)
  })

  it('signed with a key that is no longer published is refused by a process that has not seen it', async () => {
    const { google } = situation.sandbox
    await google.rotateKeys()
    const { answer, stsCalls } = await signInWith(async (claims) => {
      const before = await sign(claims)
      await google.rotateKeys()
      await google.rotateKeys()
      await signIn(new HttpBrowser(), situation.application, 'google')
      return before
    })
    expectRefusal(answer, 403, 'provider.token_invalid')
    expect(stsCalls).toBe(0)
  })
})
