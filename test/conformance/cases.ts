import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { EncryptJWT, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { answerWith, type Fault } from '../../sandbox/faults.ts'
import {
  type Misbehaviour,
  newSigningKey,
  type SigningKey,
  signedBy,
} from '../../sandbox/identity/misbehaving-openid-provider.ts'
import type { ErrorCode } from '../../src/errors.ts'

/** One thing that a provider does, and what must come of a sign-in with it. */
export interface ConformanceCase {
  /** The published name, or one of ours. */
  name: string
  /** What the provider does: a sentence without its subject. */
  provider: string
  outcome: 'signed in' | ErrorCode
  misbehaviour?: Misbehaviour
  /** An answer of one of its endpoints that is not what the misbehaviour says, but not an answer at all. */
  fault?: { path: string; fault: Fault }
  /** How often somebody signs in, one time after another; default 1. */
  signIns?: number
}

/** What our client is registered with. The secret has characters that HTTP Basic must not send as they are. */
export const client = {
  clientId: 'conformance-client',
  clientSecret: 'a-secret_with+odd:letters/in%it',
}

const [main, second, es256, es384, es512, rs384, rs512, ps256] = await Promise.all([
  newSigningKey('RS256', 'main'),
  newSigningKey('RS256', 'second'),
  newSigningKey('ES256', 'es256'),
  newSigningKey('ES384', 'es384'),
  newSigningKey('ES512', 'es512'),
  newSigningKey('RS384', 'rs384'),
  newSigningKey('RS512', 'rs512'),
  newSigningKey('PS256', 'ps256'),
])

/** Signs and is published, wherever a case says nothing else. */
export const mainKey: SigningKey = main

type Metadata = NonNullable<Misbehaviour['metadata']>

const hour = 3600
const now = (): number => Math.floor(Date.now() / 1000)

const offering = (...names: string[]): Metadata => {
  return () => ({ id_token_signing_alg_values_supported: names })
}

const authenticatedBy = (...names: string[]): Metadata => {
  return () => ({ token_endpoint_auth_methods_supported: names })
}

/** An ID token with these claims instead of the true ones; `undefined` takes one away. */
const claiming = (change: (claims: JWTPayload) => Record<string, unknown>): Misbehaviour => ({
  idToken: (claims) => signedBy(main)({ ...claims, ...change(claims) }),
})

const signedWith = (key: SigningKey): Misbehaviour => ({
  metadata: offering('RS256', key.alg),
  keys: () => [key.jwk],
  idToken: signedBy(key),
})

/** A signature by a key that nobody published, under the name of one that somebody did. */
const forgedAs = (key: SigningKey, forger: SigningKey): Misbehaviour => ({
  metadata: offering('RS256', key.alg),
  keys: () => [key.jwk],
  idToken: signedBy(forger, { kid: key.kid }),
})

/** A symmetric signature with a secret that others know, too. */
const signedByHmac = (secret: string): Misbehaviour => ({
  metadata: offering('RS256', 'HS256'),
  idToken: (claims) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret)),
})

/** Signs with one key after another, and publishes the one that it signed with last. */
function rotating(keys: SigningKey[], header: Record<string, unknown> = {}): Misbehaviour {
  let current = keys[0] ?? main
  const left = keys.values()
  return {
    idToken(claims) {
      current = left.next().value ?? current
      return signedBy(current, header)(claims)
    },
    keys: () => [{ ...current.jwk, ...header }],
  }
}

function signedByWeakKey(): Misbehaviour {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return {
    keys: () => [{ ...publicKey.export({ format: 'jwk' }), kid: 'weak' }],
    idToken(claims) {
      const data = `${encode({ alg: 'RS256', kid: 'weak' })}.${encode(claims)}`
      return `${data}.${sign('sha256', Buffer.from(data), privateKey).toString('base64url')}`
    },
  }
}

const html = answerWith(200, '<!doctype html><title>Maintenance</title>', { 'content-type': 'text/html' })

/** The cases of the Foundation's Basic profile for relying parties, and those of its Config profile that fit. */
export const profileCases: ConformanceCase[] = [
  {
    name: 'rp-discovery-openid-configuration',
    provider: 'has its endpoints where only its metadata say',
    outcome: 'signed in',
  },
  {
    name: 'rp-discovery-jwks_uri-keys',
    provider: 'publishes several keys at `jwks_uri`, that of the token among them',
    outcome: 'signed in',
    misbehaviour: { keys: () => [second.jwk, es256.jwk, main.jwk] },
  },
  {
    name: 'rp-discovery-issuer-not-matching-config',
    provider: 'names another issuer in its metadata',
    outcome: 'provider.misconfigured',
    misbehaviour: { metadata: (issuer) => ({ issuer: `${issuer}/other` }) },
  },
  {
    name: 'rp-response_type-code',
    provider: 'answers an authorization request only if it asks for a `code`',
    outcome: 'signed in',
  },
  {
    name: 'rp-token_endpoint-client_secret_basic',
    provider: 'takes the client secret by HTTP Basic only',
    outcome: 'signed in',
    misbehaviour: { metadata: authenticatedBy('client_secret_basic') },
  },
  {
    name: 'rp-token_endpoint-client_secret_post',
    provider: 'takes the client secret in the form only',
    outcome: 'signed in',
    misbehaviour: { metadata: authenticatedBy('client_secret_post') },
  },
  {
    name: 'rp-token_endpoint-client_secret_jwt',
    provider: 'takes the client secret as the key of an assertion only',
    outcome: 'signed in',
    misbehaviour: {
      metadata: authenticatedBy('private_key_jwt', 'client_secret_jwt'),
      registeredMethod: 'client_secret_jwt',
    },
  },
  {
    name: 'rp-id_token-sig-rs256',
    provider: 'signs with RS256',
    outcome: 'signed in',
    misbehaviour: signedWith(second),
  },
  {
    name: 'rp-id_token-sig-es256',
    provider: 'signs with ES256',
    outcome: 'signed in',
    misbehaviour: signedWith(es256),
  },
  {
    name: 'rp-id_token-sig-hs256',
    provider: 'signs with HS256 and the client secret',
    outcome: 'provider.token_invalid',
    misbehaviour: signedByHmac(client.clientSecret),
  },
  {
    name: 'rp-id_token-sig-none',
    provider: 'does not sign',
    outcome: 'provider.token_invalid',
    misbehaviour: {
      metadata: offering('RS256', 'none'),
      idToken: (claims) => new UnsecuredJWT(claims).encode(),
    },
  },
  {
    name: 'rp-id_token-bad-sig-rs256',
    provider: 'sends an RS256 signature of another key',
    outcome: 'provider.token_invalid',
    misbehaviour: forgedAs(main, second),
  },
  {
    name: 'rp-id_token-bad-sig-es256',
    provider: 'sends an ES256 signature of another key',
    outcome: 'provider.token_invalid',
    misbehaviour: forgedAs(es256, await newSigningKey('ES256', 'forger')),
  },
  {
    name: 'rp-id_token-bad-sig-hs256',
    provider: 'sends an HS256 signature of another secret',
    outcome: 'provider.token_invalid',
    misbehaviour: signedByHmac('a-secret-that-is-not-the-secret-of-this-client'),
  },
  {
    name: 'rp-id_token-issuer-mismatch',
    provider: 'names another `iss`',
    outcome: 'provider.token_invalid',
    misbehaviour: claiming(({ iss }) => ({ iss: `${iss}/` })),
  },
  {
    name: 'rp-id_token-sub',
    provider: 'leaves out `sub`',
    outcome: 'provider.token_invalid',
    misbehaviour: claiming(() => ({ sub: undefined })),
  },
  {
    name: 'rp-id_token-aud',
    provider: 'names another client as `aud`',
    outcome: 'provider.token_invalid',
    misbehaviour: claiming(() => ({ aud: 'another-client' })),
  },
  {
    name: 'rp-id_token-iat',
    provider: 'leaves out `iat`',
    outcome: 'provider.token_invalid',
    misbehaviour: claiming(() => ({ iat: undefined })),
  },
  {
    name: 'rp-id_token-kid-absent-single-jwks',
    provider: 'leaves out `kid`, and publishes one key',
    outcome: 'signed in',
    misbehaviour: { idToken: signedBy(main, { kid: undefined }) },
  },
  {
    name: 'rp-id_token-kid-absent-multiple-jwks',
    provider: 'leaves out `kid`, and publishes two keys that could be meant',
    outcome: 'provider.token_invalid',
    misbehaviour: { keys: () => [second.jwk, main.jwk], idToken: signedBy(main, { kid: undefined }) },
  },
  {
    name: 'rp-key-rotation-op-sign-key',
    provider: 'changes its key between two sign-ins',
    outcome: 'signed in',
    signIns: 2,
    misbehaviour: rotating([main, second]),
  },
  {
    name: 'rp-userinfo-bearer-header',
    provider: 'takes the access token in the `Authorization` header only',
    outcome: 'signed in',
  },
  {
    name: 'rp-userinfo-not-query',
    provider: 'refuses a userinfo request with a query string',
    outcome: 'signed in',
  },
  {
    name: 'rp-userinfo-bad-sub-claim',
    provider: 'answers at the userinfo endpoint with another `sub`',
    outcome: 'provider.profile_mismatch',
    misbehaviour: { userinfo: (truth) => ({ ...truth, sub: 'somebody-else' }) },
  },
  {
    name: 'rp-nonce-unless-code-flow',
    provider: 'refuses an authorization request without a `nonce`',
    outcome: 'signed in',
  },
  {
    name: 'rp-nonce-invalid',
    provider: 'sends another `nonce`',
    outcome: 'provider.token_invalid',
    misbehaviour: claiming(() => ({ nonce: 'another-nonce' })),
  },
  {
    name: 'rp-scope-openid',
    provider: 'refuses an authorization request without the scope `openid`',
    outcome: 'signed in',
  },
  {
    name: 'rp-scope-userinfo-claims',
    provider: 'has name and e-mail address at its userinfo endpoint only, for the scopes that open them',
    outcome: 'signed in',
  },
]

/** What a provider can do wrong beyond the profile. */
export const furtherCases: ConformanceCase[] = [
  ...[es384, es512, rs384, rs512].map(
    (key): ConformanceCase => ({
      name: `signature-${key.alg.toLowerCase()}`,
      provider: `signs with ${key.alg}`,
      outcome: 'signed in',
      misbehaviour: signedWith(key),
    }),
  ),
  {
    name: 'signature-ps256',
    provider: 'signs with PS256, which AWS STS does not take',
    outcome: 'provider.token_invalid',
    misbehaviour: signedWith(ps256),
  },
  {
    name: 'signature-ps256-only',
    provider: 'offers no algorithm but PS256 and EdDSA',
    outcome: 'provider.misconfigured',
    misbehaviour: { metadata: offering('PS256', 'EdDSA') },
  },
  {
    name: 'signature-not-offered',
    provider: 'signs with ES256 and offers RS256 only',
    outcome: 'provider.token_invalid',
    misbehaviour: { keys: () => [es256.jwk], idToken: signedBy(es256) },
  },
  {
    name: 'signature-hs256-public-key',
    provider: 'signs with HS256 and its own public key',
    outcome: 'provider.token_invalid',
    misbehaviour: signedByHmac(JSON.stringify(main.jwk)),
  },
  {
    name: 'signature-weak-key',
    provider: 'signs with an RSA key of 1024 bits',
    outcome: 'provider.token_invalid',
    misbehaviour: signedByWeakKey(),
  },
  {
    name: 'key-rotation-same-kid',
    provider: 'changes its key between two sign-ins and keeps the `kid`',
    outcome: 'signed in',
    signIns: 2,
    misbehaviour: rotating([main, second], { kid: 'always-the-same' }),
  },
  {
    name: 'key-unknown',
    provider: 'signs with a key that it does not publish',
    outcome: 'provider.token_invalid',
    misbehaviour: { idToken: signedBy(second) },
  },
  {
    name: 'keys-none',
    provider: 'publishes no keys',
    outcome: 'provider.token_invalid',
    misbehaviour: { keys: () => [] },
  },
  {
    name: 'keys-unavailable',
    provider: 'answers 503 at `jwks_uri`',
    outcome: 'provider.unavailable',
    fault: { path: '/keys', fault: answerWith(503) },
  },
  {
    name: 'keys-html',
    provider: 'answers with a page at `jwks_uri`',
    outcome: 'provider.unavailable',
    fault: { path: '/keys', fault: html },
  },
  {
    name: 'metadata-without-jwks_uri',
    provider: 'has no `jwks_uri`',
    outcome: 'provider.misconfigured',
    misbehaviour: { metadata: () => ({ jwks_uri: undefined }) },
  },
  {
    name: 'metadata-private_key_jwt-only',
    provider: 'takes no client secret in any form',
    outcome: 'provider.misconfigured',
    misbehaviour: { metadata: authenticatedBy('private_key_jwt', 'tls_client_auth') },
  },
  {
    name: 'metadata-unavailable',
    provider: 'answers 503 when asked for its metadata',
    outcome: 'provider.unavailable',
    fault: { path: '/.well-known/openid-configuration', fault: answerWith(503) },
  },
  {
    name: 'metadata-redirect',
    provider: 'redirects when asked for its metadata',
    outcome: 'provider.answer_invalid',
    fault: {
      path: '/.well-known/openid-configuration',
      fault: answerWith(302, '', { location: '/metadata-unavailable/.well-known/openid-configuration' }),
    },
  },
  {
    name: 'metadata-html',
    provider: 'answers with a page when asked for its metadata',
    outcome: 'provider.answer_invalid',
    fault: { path: '/.well-known/openid-configuration', fault: html },
  },
  {
    name: 'client-secret-post-though-basic-is-offered',
    provider: 'offers HTTP Basic and the form, and has our client registered for the form',
    outcome: 'signed in',
    signIns: 2,
    misbehaviour: {
      metadata: authenticatedBy('client_secret_basic', 'client_secret_post'),
      registeredMethod: 'client_secret_post',
    },
  },
  {
    name: 'client-unknown',
    provider: 'does not know our client by any proof',
    outcome: 'provider.client_rejected',
    misbehaviour: { registeredMethod: 'tls_client_auth' },
  },
  {
    name: 'metadata-authorize-script',
    provider: 'has a `javascript:` URL for an authorization endpoint',
    outcome: 'provider.misconfigured',
    misbehaviour: { metadata: () => ({ authorization_endpoint: 'javascript:alert(1)' }) },
  },
  {
    name: 'metadata-authorize-with-password',
    provider: 'has a name and a password in the URL of its authorization endpoint',
    outcome: 'provider.misconfigured',
    misbehaviour: { metadata: () => ({ authorization_endpoint: 'http://ada:secret@127.0.0.1/authorize' }) },
  },
  {
    name: 'metadata-without-token-endpoint',
    provider: 'has no token endpoint in its metadata',
    outcome: 'provider.misconfigured',
    misbehaviour: { metadata: () => ({ token_endpoint: undefined }) },
  },
  {
    name: 'metadata-keys-inline',
    provider: 'has its keys in a `data:` URL',
    outcome: 'provider.misconfigured',
    misbehaviour: {
      metadata: () => ({ jwks_uri: `data:application/json,${JSON.stringify({ keys: [main.jwk] })}` }),
    },
  },
  {
    name: 'metadata-sign-out-script',
    provider: 'has a `javascript:` URL for its sign-out',
    outcome: 'provider.misconfigured',
    misbehaviour: { metadata: () => ({ end_session_endpoint: 'javascript:alert(1)' }) },
  },
  {
    name: 'metadata-algorithms-no-list',
    provider: 'has a text where a list of algorithms belongs',
    outcome: 'provider.misconfigured',
    misbehaviour: { metadata: () => ({ id_token_signing_alg_values_supported: 'RS256' }) },
  },
  {
    name: 'metadata-challenge-methods-no-list',
    provider: 'has a number where a list of challenge methods belongs',
    outcome: 'provider.misconfigured',
    misbehaviour: { metadata: () => ({ code_challenge_methods_supported: 7 }) },
  },
  {
    name: 'callback-iss',
    provider: 'names itself in the callback (RFC 9207)',
    outcome: 'signed in',
    misbehaviour: {
      metadata: () => ({ authorization_response_iss_parameter_supported: true }),
      callback: (parameters, issuer) => parameters.set('iss', issuer),
    },
  },
  {
    name: 'callback-iss-of-another',
    provider: 'names another issuer in the callback',
    outcome: 'login.provider_mismatch',
    misbehaviour: { callback: (parameters, issuer) => parameters.set('iss', `${issuer}/other`) },
  },
  {
    name: 'callback-iss-missing',
    provider: 'announces to name itself in the callback, and does not',
    outcome: 'login.provider_mismatch',
    misbehaviour: { metadata: () => ({ authorization_response_iss_parameter_supported: true }) },
  },
  {
    name: 'callback-without-code',
    provider: 'sends a callback without a code',
    outcome: 'request.malformed',
    misbehaviour: { callback: (parameters) => parameters.delete('code') },
  },
  {
    name: 'callback-with-two-codes',
    provider: 'sends a callback with two codes',
    outcome: 'request.malformed',
    misbehaviour: { callback: (parameters) => parameters.append('code', 'another') },
  },
  {
    name: 'callback-with-id_token',
    provider: 'sends an ID token in the callback',
    outcome: 'request.malformed',
    misbehaviour: { callback: (parameters) => parameters.set('id_token', 'a.b.c') },
  },
  {
    name: 'callback-server_error',
    provider: 'sends `server_error` in the callback',
    outcome: 'provider.busy',
    misbehaviour: {
      callback(parameters) {
        parameters.delete('code')
        parameters.set('error', 'server_error')
      },
    },
  },
  {
    name: 'id_token-missing',
    provider: 'sends no ID token',
    outcome: 'provider.token_invalid',
    misbehaviour: { idToken: () => undefined },
  },
  {
    name: 'id_token-not-a-jwt',
    provider: 'sends an ID token that is none',
    outcome: 'provider.token_invalid',
    misbehaviour: { idToken: () => 'opaque' },
  },
  {
    name: 'id_token-malformed',
    provider: 'sends an ID token whose header is not JSON',
    outcome: 'provider.token_invalid',
    misbehaviour: { idToken: () => '%%%.e30.AAAA' },
  },
  {
    name: 'id_token-encrypted',
    provider: 'encrypts the ID token, which AWS STS could not read',
    outcome: 'provider.token_invalid',
    misbehaviour: {
      idToken: (claims) =>
        new EncryptJWT(claims).setProtectedHeader({ alg: 'dir', enc: 'A128GCM' }).encrypt(randomBytes(16)),
    },
  },
  {
    name: 'id_token-crit',
    provider: 'marks an unknown extension of the ID token as critical',
    outcome: 'provider.token_invalid',
    misbehaviour: {
      idToken: (claims) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'RS256', kid: 'main', crit: ['odd'], odd: true })
          .sign(main.privateKey, { crit: { odd: true } }),
    },
  },
  {
    name: 'id_token-of-another-kind',
    provider: 'sends an access token (RFC 9068) as ID token',
    outcome: 'provider.token_invalid',
    misbehaviour: { idToken: signedBy(main, { typ: 'at+jwt' }) },
  },
  {
    name: 'id_token-logout-token',
    provider: 'sends a logout token as ID token',
    outcome: 'provider.token_invalid',
    misbehaviour: { idToken: signedBy(main, { typ: 'logout+jwt' }) },
  },
  {
    name: 'id_token-expired',
    provider: 'sends an ID token that expired ten minutes ago',
    outcome: 'provider.token_invalid',
    misbehaviour: claiming(() => ({ exp: now() - 600 })),
  },
  {
    name: 'id_token-not-yet',
    provider: 'sends an ID token that is good from tomorrow on',
    outcome: 'provider.token_invalid',
    misbehaviour: claiming(() => ({ nbf: now() + 24 * hour })),
  },
  {
    name: 'id_token-without-exp',
    provider: 'leaves out `exp`',
    outcome: 'provider.token_invalid',
    misbehaviour: claiming(() => ({ exp: undefined })),
  },
  {
    name: 'id_token-issued-last-week',
    provider: 'sends an ID token of last week',
    outcome: 'provider.token_invalid',
    misbehaviour: claiming(() => ({ iat: now() - 7 * 24 * hour })),
  },
  {
    name: 'id_token-without-nonce',
    provider: 'leaves out `nonce`',
    outcome: 'provider.token_invalid',
    misbehaviour: claiming(() => ({ nonce: undefined })),
  },
  {
    name: 'id_token-empty-sub',
    provider: 'sends an empty `sub`',
    outcome: 'provider.token_invalid',
    misbehaviour: claiming(() => ({ sub: '' })),
  },
  {
    name: 'id_token-sub-number',
    provider: 'sends a number as `sub`',
    outcome: 'provider.token_invalid',
    misbehaviour: claiming(() => ({ sub: 42 })),
  },
  {
    name: 'id_token-sub-too-long',
    provider: 'sends a `sub` of 256 characters',
    outcome: 'provider.token_invalid',
    misbehaviour: claiming(() => ({ sub: 's'.repeat(256) })),
  },
  {
    name: 'id_token-sub-unicode',
    provider: 'sends a `sub` that is not ASCII',
    outcome: 'provider.token_invalid',
    misbehaviour: claiming(() => ({ sub: 's\u00fcbject' })),
  },
  {
    name: 'id_token-sub-control',
    provider: 'sends a `sub` with a line break in it',
    outcome: 'provider.token_invalid',
    misbehaviour: claiming(() => ({ sub: 'subject\r\nof: somebody' })),
  },
  {
    name: 'id_token-sub-blank',
    provider: 'sends a `sub` that is a space',
    outcome: 'provider.token_invalid',
    misbehaviour: claiming(() => ({ sub: ' ' })),
  },
  {
    name: 'id_token-azp-of-another',
    provider: 'names our client as `aud` and another as `azp`',
    outcome: 'provider.token_not_ours',
    misbehaviour: claiming(() => ({ azp: 'another-client' })),
  },
  {
    name: 'id_token-two-audiences',
    provider: 'names two audiences and no `azp`',
    outcome: 'provider.token_invalid',
    misbehaviour: claiming(() => ({ aud: [client.clientId, 'another-client'] })),
  },
  {
    name: 'token-answer-html',
    provider: 'answers with a page at the token endpoint',
    outcome: 'provider.answer_invalid',
    fault: { path: '/token', fault: html },
  },
  {
    name: 'token-answer-without-access_token',
    provider: 'sends no access token',
    outcome: 'provider.answer_invalid',
    misbehaviour: { tokenAnswer: ({ access_token: _, ...rest }) => rest },
  },
  {
    name: 'token-answer-foreign-type',
    provider: 'sends an access token of a type that nobody knows',
    outcome: 'provider.answer_invalid',
    misbehaviour: { tokenAnswer: (truth) => ({ ...truth, token_type: 'mac' }) },
  },
  {
    name: 'token-answer-error-beside-tokens',
    provider: 'sends an error beside good tokens',
    outcome: 'provider.answer_invalid',
    misbehaviour: { tokenAnswer: (truth) => ({ ...truth, error: 'invalid_grant' }) },
  },
  {
    name: 'access_token-unicode',
    provider: 'sends an access token that no header can carry',
    outcome: 'provider.answer_invalid',
    misbehaviour: { tokenAnswer: (truth) => ({ ...truth, access_token: 'a\ud83e\udd84' }) },
  },
  {
    name: 'access_token-line-break',
    provider: 'sends an access token with a line break in it',
    outcome: 'provider.answer_invalid',
    misbehaviour: { tokenAnswer: (truth) => ({ ...truth, access_token: 'a\r\nX-Other: b' }) },
  },
  {
    name: 'userinfo-without-sub',
    provider: 'answers at the userinfo endpoint without a `sub`',
    outcome: 'provider.answer_invalid',
    misbehaviour: { userinfo: ({ sub: _, ...rest }) => rest },
  },
  {
    name: 'userinfo-refused',
    provider: 'refuses its own access token at the userinfo endpoint',
    outcome: 'provider.answer_invalid',
    fault: {
      path: '/userinfo',
      fault: answerWith(401, '', { 'www-authenticate': 'Bearer error="invalid_token"' }),
    },
  },
  {
    name: 'userinfo-as-jwt',
    provider: 'signs its userinfo answer, which nobody has asked for',
    outcome: 'provider.answer_invalid',
    fault: {
      path: '/userinfo',
      fault: answerWith(200, 'eyJhbGciOiJSUzI1NiJ9.e30.AAAA', { 'content-type': 'application/jwt' }),
    },
  },
]

/** Cases of other profiles, and why they are none of ours. */
export const inapplicableCases: [names: string, reason: string][] = [
  [
    '`rp-response_type-id_token`, `-id_token+token`, `-code+id_token`, `-code+token`, `-code+id_token+token`',
    'Implicit and Hybrid profiles: tokens never travel in a URL',
  ],
  ['`rp-response_mode-form_post`', 'Form Post profile: the answer comes in the query string'],
  ['`rp-id_token-bad-at_hash`, `rp-id_token-bad-c_hash`', 'Implicit and Hybrid profiles'],
  [
    '`rp-token_endpoint-private_key_jwt`',
    'needs a key pair of the client; the four variables have a secret or nothing',
  ],
  [
    '`rp-id_token-sig+enc`, `rp-userinfo-enc`, `rp-userinfo-sig+enc`, `rp-key-rotation-op-enc-key`',
    'no encryption key of the client; AWS STS could not read the token',
  ],
  ['`rp-userinfo-sig`', 'the client is not registered for signed userinfo answers'],
  ['`rp-userinfo-bearer-body`', 'the alternative to `rp-userinfo-bearer-header`'],
  [
    '`rp-registration-dynamic`, `rp-key-rotation-rp-sign-key`, `rp-key-rotation-rp-enc-key`',
    'Dynamic profile: the client id is registered in IAM by hand',
  ],
  [
    '`rp-discovery-webfinger-url`, `rp-discovery-webfinger-acct`',
    'Dynamic profile: the issuer is configured',
  ],
  ['`rp-request_uri-unsigned`, `-sig`, `-enc`, `-sig+enc`', 'Dynamic profile: no request objects'],
  ['`rp-claims_request-id_token`, `rp-claims_request-userinfo`', 'claims are asked for by scope'],
  ['`rp-claims-aggregated`, `rp-claims-distributed`', 'no claim of third parties is used'],
  ['`rp-support-3rd-party-init-login`', 'a sign-in begins at the login page only'],
  ['`rp-self-issued`', 'AWS IAM has no such provider'],
]
