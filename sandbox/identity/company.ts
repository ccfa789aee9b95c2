import type { OpenIdDialect } from './openid-dialect.ts'
import { type OpenIdOptions, type SandboxOpenIdProvider, startOpenIdProvider } from './openid-provider.ts'

/** An employer's provider, as the certified oidc-provider has it out of the box. */
const companyDialect: OpenIdDialect = {
  provider: 'Example Company',
  cookiePrefix: 'sandbox_company',
  routes: {},
  extraParams: [],
  discovery: () => ({}),
  signatureAlgorithm: 'ES256',
  claims: { offline_access: [], email: ['email'], profile: ['name', 'picture'] },
  claimsAtUserinfoOnly: true,
  logout: true,
  wishes: { openid: 'who you are', email: 'your e-mail address', profile: 'your name and picture' },
  subjectOf: ({ subjects }) => `employee-${subjects.google.slice(-6)}`,
  claimsOf: ({ email, name }, picture) => ({ email, name, picture }),
  wantsRefreshToken: ({ scope }) => String(scope).split(' ').includes('offline_access'),
  pageErrorName: (error) => error,
  tokenErrorBody: ({ error, error_description }) => ({ error, error_description }),
}

/**
 * Starts an OpenID provider that is nobody's in particular: ES256, claims at the userinfo endpoint only, refresh tokens
 * for `offline_access`, RP-initiated logout, and `iss` in its callbacks (RFC 9207).
 */
export const startCompany = (options: OpenIdOptions): Promise<SandboxOpenIdProvider> =>
  startOpenIdProvider(companyDialect, options)

/** The subject by which it knows a person. */
export const companySubject = companyDialect.subjectOf
