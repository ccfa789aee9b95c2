import type { AccessTokens } from '../access-tokens.ts'
import type { AuthorizationCodes } from '../authorization-codes.ts'
import type { Grant } from '../grant.ts'
import type { Person } from '../people.ts'
import type { RedirectUris } from '../redirect-uris.ts'

/** What everybody may know of an application. */
export interface FacebookApplication {
  appId: string
  appName: string
}

export interface FacebookClient {
  appId: string
  appSecret: string
  /** Name in the dialog and of `GET /app`. */
  appName?: string
}

/** A dialog request that has passed every check. */
export interface DialogRequest {
  redirectUri: string
  scopes: readonly string[]
  state: string | undefined
}

/** What the dialog and the Graph API have in common. */
export interface FacebookParts {
  application: FacebookApplication
  appSecret: string
  people: readonly Person[]
  requireProof: boolean
  redirectUris: RedirectUris
  codes: AuthorizationCodes<FacebookApplication, DialogRequest>
  accessTokens: AccessTokens<FacebookApplication>
  issueAccessToken(grant: Grant<FacebookApplication>, lifetimeSeconds?: number): string
  /** Absolute URL of the person's picture. */
  pictureUrl(person: Person): string
}
