import type * as openid from 'openid-client'
import type { Identity } from '../../federation/identity.ts'
import type { Check } from '../../flow/receipt.ts'
import type { Face } from './face.ts'

/** What an identity provider handed over, by code exchange or in the fragment of an implicit grant. */
export interface Tokens {
  accessToken: string
  refreshToken?: string | undefined
  idToken?: string | undefined
  /** Claims of the ID token, checked but for its signature. */
  claims?: openid.IDToken | undefined
}

/** Whether a text can be a token at all, and so stand in a header. @see RFC 6749, appendix A.12 and A.17 */
export const isToken = (text: string): boolean => /^[\x20-\x7e]+$/.test(text)

/**
 * Whether a text can be a provider's id of somebody. It is all that identifies a person, so that it is taken as it
 * stands or not at all.
 * @see OpenID Connect Core 1.0, section 2 (`sub`: at most 255 ASCII characters)
 */
export const isSubject = (text: string): boolean => /^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(text)

/** One identity provider. Differences between providers are these fields, and `identify`. */
export interface Provider {
  /** As in `/initiateLogin/:provider`. */
  id: string
  face: Face
  roleArn: string
  grant: 'code' | 'implicit'
  scope: string
  /** The provider appends a fragment to the callback, which only a redirect to another fragment removes. */
  appendsFragment: boolean
  /** Whether authorization requests carry a nonce and must end in an ID token. */
  openIdConnect: boolean
  /** More parameters for every authorization request. */
  authorizationParameters: Record<string, string>
  /** Parameters that make the provider ask again who signs in; empty where it cannot be asked. */
  chooseAccountParameters: Record<string, string>
  /** Endpoints and client credentials, static or discovered. @throws AppError `provider.*` */
  configuration(): Promise<openid.Configuration>
  /** The latest of them, without asking anybody; `undefined` where they were never read. */
  knownConfiguration(): openid.Configuration | undefined
  /** Where a person ends the sign-in at the provider itself. */
  signOutUrl(): Promise<string | undefined>
  /** Makes the provider forget these tokens; `false` where it has no way to. @throws AppError `provider.*` */
  revoke(tokens: Pick<Tokens, 'accessToken' | 'refreshToken'>): Promise<boolean>
  /** Verifies that the tokens were issued to us, and reads who they speak of. @throws AppError `provider.*` */
  identify(tokens: Tokens): Promise<Identity>
  /** What `identify` checks, for people to read. */
  checks: readonly Check[]
}
