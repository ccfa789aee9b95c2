import { randomBytes } from 'node:crypto'
import express, { type RequestHandler } from 'express'
import type { JWTPayload } from 'jose'
import { Provider } from 'oidc-provider'
import { type LoopbackServer, listenOnLoopback } from '../loopback-server.ts'
import { openIdConfiguration } from './openid-configuration.ts'
import type { OpenIdClient, OpenIdDialect } from './openid-dialect.ts'
import { openIdInteraction } from './openid-interaction.ts'
import { openIdStorage } from './openid-storage.ts'
import { demoPeople, type Person } from './people.ts'
import { picturePath, pictures } from './pictures.ts'
import { RedirectUris } from './redirect-uris.ts'
import { SigningKeys, type SigningOptions } from './signing-keys.ts'

export interface OpenIdOptions {
  client: OpenIdClient
  people?: readonly Person[]
  port?: number
}

export interface SandboxOpenIdProvider extends LoopbackServer {
  /** @throws TypeError for a URI that no provider would take. */
  registerRedirectUri(uri: string): void
  /** Signs with a new key from now on; the key before stays published until the next rotation. */
  rotateKeys(): Promise<void>
  /** The claims of a true ID token for this person and our client, valid for an hour; `nonce` is left to the caller. */
  idTokenClaims(person: Person): JWTPayload
  /** Signs exactly these claims, by the current key unless told otherwise: for tokens that are wrong on purpose. */
  signIdToken(claims: JWTPayload, options?: SigningOptions): Promise<string>
}

/**
 * Starts a local OpenID provider, built on the certified oidc-provider. It listens on 127.0.0.1, and its origin is
 * the issuer.
 * @param routes further routes, put before the provider's own. They get the provider by a function, since a rotation
 *   of keys replaces it
 */
export async function startOpenIdProvider(
  dialect: OpenIdDialect,
  { client, people = demoPeople, port }: OpenIdOptions,
  routes: (provider: () => Provider) => RequestHandler[] = () => [],
): Promise<SandboxOpenIdProvider> {
  const { signatureAlgorithm = 'RS256' } = dialect
  const keys = await SigningKeys.generate(signatureAlgorithm)
  const redirectUris = new RedirectUris()
  const app = express().disable('x-powered-by')
  const server = await listenOnLoopback(app, port)

  const offlineGrants = new Set<string>()
  const claimsOf = (person: Person) => ({
    sub: dialect.subjectOf(person),
    ...dialect.claimsOf(person, `${server.url}${picturePath(people, person)}`),
  })
  const parts = {
    dialect,
    client,
    issuer: server.url,
    cookieKey: randomBytes(32),
    offlineGrants,
    claimsOf: (subject: string) => {
      const person = people.find((one) => dialect.subjectOf(one) === subject)
      return person && claimsOf(person)
    },
    storage: openIdStorage(() => ({
      client_id: client.clientId,
      ...(client.clientSecret !== undefined && { client_secret: client.clientSecret }),
      ...(client.authenticationMethod && { token_endpoint_auth_method: client.authenticationMethod }),
      id_token_signed_response_alg: signatureAlgorithm,
      redirect_uris: redirectUris.list(),
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      scope: ['openid', ...Object.keys(dialect.claims)].join(' '),
    })),
  }

  // oidc-provider reads its keys once, so a rotation makes a new one; the storage goes on.
  const newProvider = () => {
    const provider = new Provider(server.url, openIdConfiguration(parts, keys.jwks()))
    provider.on('grant.error', (ctx, error) => {
      ctx.body = dialect.tokenErrorBody(error)
    })
    provider.on('server_error', (_ctx, error) => console.error(error))
    return { provider, handle: provider.callback() }
  }
  let current = newProvider()
  app.use(pictures(people), ...routes(() => current.provider))
  app.use(openIdInteraction({ dialect, client, people, offlineGrants, provider: () => current.provider }))
  app.use((req, res) => current.handle(req, res))

  return {
    ...server,
    registerRedirectUri: (uri) => redirectUris.register(uri),
    async rotateKeys() {
      await keys.rotate()
      current = newProvider()
    },
    idTokenClaims(person) {
      const now = Math.floor(Date.now() / 1000)
      const { clientId } = client
      return { iss: server.url, aud: clientId, azp: clientId, iat: now, exp: now + 3600, ...claimsOf(person) }
    },
    signIdToken: (claims, options) => keys.sign(claims, options),
  }
}
