import type { Configuration, errors } from 'oidc-provider'
import type { Person } from './people.ts'

/** What a client is registered with. */
export interface OpenIdClient {
  clientId: string
  /** `undefined` for a public client, which proves itself by PKCE only. */
  clientSecret?: string
  /** The one way in which the token endpoint lets it prove itself; default: HTTP Basic or the form. */
  authenticationMethod?: 'client_secret_basic' | 'client_secret_post' | 'client_secret_jwt' | 'none'
  /** Name on the consent page. */
  name?: string
}

/** How one OpenID provider differs from another. The flow itself is the standard's. */
export interface OpenIdDialect {
  /** As on the pages: `Google`. */
  provider: string
  /** Begins the names of the cookies, since stand-ins on 127.0.0.1 share one cookie jar. */
  cookiePrefix: string
  /** Paths of the endpoints, as oidc-provider names them. */
  routes: NonNullable<Configuration['routes']>
  /** Authorization parameters beyond the standard's. */
  extraParams: NonNullable<Configuration['extraParams']>
  /** Additions to the discovery document. */
  discovery(issuer: string): Record<string, unknown>
  /** Of every ID token; default `RS256`. */
  signatureAlgorithm?: 'RS256' | 'ES256'
  /** Scope to the claims that it opens. */
  claims: Record<string, string[]>
  /** Default: they stand in the ID token as well (OpenID Connect Core 1.0, section 5.4). */
  claimsAtUserinfoOnly?: boolean
  /** Whether there is an `end_session_endpoint` (OpenID Connect RP-Initiated Logout 1.0). Default: there is none. */
  logout?: boolean
  /** Scope to what it opens, in the person's words. */
  wishes: Record<string, string>
  subjectOf(person: Person): string
  /** The person's claims, `sub` aside; those that are undefined are left out of tokens. */
  claimsOf(person: Person, picture: string): Record<string, unknown>
  /** Whether a sign-in with these authorization parameters ends in a refresh token as well. */
  wantsRefreshToken(parameters: Record<string, unknown>, firstConsent: boolean): boolean
  /** This provider's name for an error that it shows on its own page. */
  pageErrorName(error: string): string
  /** What the token endpoint says instead of the standard's error body. */
  tokenErrorBody(error: errors.OIDCProviderError): { error: string; error_description?: string | undefined }
}
