import type { TrustEvidence } from './trust-policy.ts'

/** Who signed in, as the identity provider says, once that has been verified. */
export interface Person {
  /** Our name of the provider: `amazon`, `google` … */
  providerId: string
  /** The provider's permanent id for this person. The only thing here that identifies anybody. */
  subject: string
  name?: string | undefined
  /** Not unique and not permanent: for display and for naming the role session. */
  email?: string | undefined
  pictureUrl?: string | undefined
}

/** What AWS STS must be given to believe in a person. */
export interface Identity {
  person: Person
  /** The access token of an OAuth 2.0 provider, the ID token of an OpenID Connect one. */
  webIdentityToken: string
  /** What the role's trust policy must say of this token, for the operator whom STS refuses. */
  trust?: TrustEvidence
  /** `ProviderId` of the STS call; `undefined` for OpenID Connect. */
  stsProviderId?: 'www.amazon.com' | 'graph.facebook.com'
}
