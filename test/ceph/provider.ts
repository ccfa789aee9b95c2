import { createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { type RequestHandler, Router } from 'express'
import type { JWK } from 'jose'
import type { Provider } from 'oidc-provider'
import { certificate } from '../../sandbox/certificate.ts'
import type { OpenIdClient, OpenIdDialect } from '../../sandbox/identity/openid-dialect.ts'
import { type SandboxOpenIdProvider, startOpenIdProvider } from '../../sandbox/identity/openid-provider.ts'

/** Nobody's dialect: the standard, with standard claims, and oidc-provider's own paths. */
const dialect: OpenIdDialect = {
  provider: 'OpenID provider',
  cookiePrefix: 'ceph_test',
  routes: {},
  extraParams: {},
  discovery: () => ({}),
  claims: { openid: ['sub', 'azp'], email: ['email', 'email_verified'], profile: ['name'] },
  wishes: { openid: 'who you are', email: 'your e-mail address', profile: 'your name' },
  subjectOf: (person) => person.subjects.google,
  claimsOf: ({ name, email }) => ({ name, email, email_verified: email === undefined ? undefined : true }),
  wantsRefreshToken: () => false,
  pageErrorName: (error) => error,
  tokenErrorBody: ({ error, error_description }) => ({ error, error_description }),
}

/**
 * A certificate for a public key, as a member of its `x5c`, issued by a key that is forgotten at once.
 * @see RFC 7517 section 4.7
 */
function certificateOf(jwk: JWK): string {
  const { privateKey: issuerKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const publicKey = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' })
  const names = { subject: 'OpenID provider of a test', issuer: 'throw-away issuer' }
  return certificate({ ...names, publicKey, issuerKey }).toString('base64')
}

/** Every published key with a certificate of its own: the gateway verifies by `x5c` and by nothing else. */
function certifiedKeys(provider: () => Provider): RequestHandler {
  const certificates = new Map<string | undefined, string>()
  const certify = (key: JWK): JWK => {
    const certificate = certificates.get(key.kid) ?? certificateOf(key)
    certificates.set(key.kid, certificate)
    return { ...key, x5c: [certificate] }
  }
  const handlers = new WeakMap<Provider, ReturnType<Provider['callback']>>()
  const handlerOf = (one: Provider) => {
    one.use(async (ctx, proceed) => {
      await proceed()
      ctx.body = { keys: (ctx.body as { keys: JWK[] }).keys.map(certify) }
    })
    const handler = one.callback()
    handlers.set(one, handler)
    return handler
  }
  return Router().get('/jwks', (req, res) => {
    const current = provider()
    return (handlers.get(current) ?? handlerOf(current))(req, res)
  })
}

export interface ProviderOptions {
  /** Whether every sign-in ends in a refresh token as well. Default: none does. */
  refreshTokens?: boolean
  /** Of ID tokens; default `RS256`. */
  signatureAlgorithm?: 'RS256' | 'ES256'
}

/** Starts a certified OpenID provider that the gateway can verify tokens of. */
export const startCertifiedProvider = (
  client: OpenIdClient,
  { refreshTokens = false, signatureAlgorithm = 'RS256' }: ProviderOptions = {},
): Promise<SandboxOpenIdProvider> =>
  startOpenIdProvider(
    { ...dialect, signatureAlgorithm, wantsRefreshToken: () => refreshTokens },
    { client },
    (provider) => [certifiedKeys(provider)],
  )
