import { type AdapterFactory, type Configuration, interactionPolicy, type JWK } from 'oidc-provider'
import { refusalPage } from './consent-page.ts'
import type { OpenIdClient, OpenIdDialect } from './openid-dialect.ts'

const hour = 3600
const day = 24 * hour

/** What the configuration is made of. */
export interface OpenIdParts {
  dialect: OpenIdDialect
  client: OpenIdClient
  issuer: string
  cookieKey: Buffer
  storage: AdapterFactory
  /** Ids of the grants that end in a refresh token. */
  offlineGrants: ReadonlySet<string>
  /** All claims of the person with this subject; undefined when there is nobody. */
  claimsOf(subject: string): ({ sub: string } & Record<string, unknown>) | undefined
}

/** oidc-provider's configuration. `keys` are private; the first one signs. Every lifetime is in seconds. */
export const openIdConfiguration = (parts: OpenIdParts, keys: JWK[]): Configuration => {
  const { dialect } = parts
  return {
    adapter: parts.storage,
    jwks: { keys },
    routes: dialect.routes,
    extraParams: dialect.extraParams,
    discovery: dialect.discovery(parts.issuer),
    responseTypes: ['code'],
    scopes: ['openid', ...Object.keys(dialect.claims)],
    claims: dialect.claims,
    clientAuthMethods: parts.client.authenticationMethod
      ? [parts.client.authenticationMethod]
      : ['client_secret_basic', 'client_secret_post'],
    pkce: { required: (_ctx, { clientAuthMethod }) => clientAuthMethod === 'none' },
    enabledJWA: { idTokenSigningAlgValues: [dialect.signatureAlgorithm ?? 'RS256'] },
    conformIdTokenClaims: dialect.claimsAtUserinfoOnly ?? false,
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: { enabled: dialect.logout ?? false },
    },
    clientBasedCORS: () => false,

    async findAccount(ctx, subject) {
      const claims = parts.claimsOf(subject)
      if (!claims) return undefined
      const authorizedParty = ctx.oidc.client?.clientId
      return {
        accountId: subject,
        claims: (use) => (use === 'id_token' ? { ...claims, azp: authorizedParty } : claims),
      }
    },

    interactions: { policy: promptPolicy(), url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    cookies: {
      keys: [parts.cookieKey],
      names: {
        session: `${dialect.cookiePrefix}_session`,
        interaction: `${dialect.cookiePrefix}_interaction`,
        resume: `${dialect.cookiePrefix}_resume`,
      },
      // A path that is never asked for: nobody stays signed in, so each sign-in asks who you are.
      long: { path: '/no-session' },
    },
    expiresWithSession: () => false,

    issueRefreshToken: (_ctx, _client, code) => parts.offlineGrants.has(code.grantId ?? ''),
    rotateRefreshToken: false,
    ttl: {
      AccessToken: hour - 1,
      AuthorizationCode: 600,
      Grant: 180 * day,
      IdToken: hour,
      Interaction: 600,
      RefreshToken: 180 * day,
      Session: 600,
    },

    renderError(ctx, { error, error_description }) {
      const page = refusalPage(
        dialect.provider,
        dialect.pageErrorName(error),
        error_description ?? 'Access blocked.',
      )
      ctx.set(page.headers)
      ctx.status = page.status
      ctx.body = page.body
    },
  }
}

/** oidc-provider's prompts `login` and `consent`, and `select_account` as well. */
function promptPolicy(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base()
  policy.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }))
  return policy
}
