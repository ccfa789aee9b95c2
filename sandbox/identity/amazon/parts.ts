import type { AccessToken } from '../access-tokens.ts'
import type { AuthorizationCodes } from '../authorization-codes.ts'
import type { Clock, Grant } from '../grant.ts'
import type { Person } from '../people.ts'
import type { CodeChallenge } from '../pkce.ts'
import type { RedirectUris } from '../redirect-uris.ts'

/** The two ids of one application: tokeninfo tells both, and a role's trust policy names the second. */
export interface AmazonApplication {
  /** `amzn1.application-oa2-client.…` */
  clientId: string
  /** `amzn1.application.…` */
  appId: string
}

export interface AmazonClient extends AmazonApplication {
  clientSecret: string
  /** Name on the consent page. */
  name?: string
}

/** An authorization request that has passed every check. */
export interface AuthorizationRequest {
  redirectUri: string
  responseType: 'code' | 'token'
  scopes: readonly string[]
  state: string | undefined
  codeChallenge: CodeChallenge | undefined
}

/** What the endpoints have in common. */
export interface AmazonParts {
  client: AmazonClient
  people: readonly Person[]
  clock: Clock
  implicitGrant: boolean
  redirectUris: RedirectUris
  codes: AuthorizationCodes<AmazonApplication, AuthorizationRequest>
  /** They do not expire; they end with their grant. */
  refreshTokens: Map<string, Grant<AmazonApplication>>
  issueAccessToken(grant: Grant<AmazonApplication>, lifetimeSeconds?: number): string
  /** The token's record while the token is good, otherwise undefined. */
  validToken(token: string | undefined): AccessToken<AmazonApplication> | undefined
}
