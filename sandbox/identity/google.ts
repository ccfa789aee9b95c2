import { googleDialect } from './google/dialect.ts'
import { revoke } from './google/revoke.ts'
import { type OpenIdOptions, type SandboxOpenIdProvider, startOpenIdProvider } from './openid-provider.ts'

/**
 * Starts a local Google: the OpenID provider on Google's paths, with Google's claims and parameters. All endpoints
 * have one origin, which is the issuer.
 * @see "OpenID Connect" and "Using OAuth 2.0 for Web Server Applications", Google Identity documentation
 */
export const startGoogle = (options: OpenIdOptions): Promise<SandboxOpenIdProvider> =>
  startOpenIdProvider(googleDialect, options, (provider) => [revoke(provider)])
