import { createHash } from 'node:crypto'
import * as openid from 'openid-client'
import type { Attempt } from '../session/attempts.ts'
import type { Provider, Tokens } from './providers/provider.ts'
import { toProviderError } from './providers/provider-error.ts'

/** PKCE's S256 (RFC 7636, section 4.2). Here and now: openid-client's goes through a thread, at a tenth of a redirect's cost. */
const codeChallenge = (codeVerifier: string): string =>
  createHash('sha256').update(codeVerifier).digest('base64url')

/**
 * Begins a sign-in: the URL of the provider's authorization endpoint, and the attempt that its callback must
 * match.
 * @throws AppError `provider.*` where the provider's metadata cannot be read
 * @see RFC 6749 section 4.1.1, RFC 7636 (PKCE), OpenID Connect Core 1.0 section 3.1.2.1
 */
export async function beginAuthorization(
  provider: Provider,
  {
    redirectUri,
    returnPath,
    chooseAccount,
  }: { redirectUri: string; returnPath: string; chooseAccount: boolean },
): Promise<{ url: URL; attempt: Attempt }> {
  const configuration = await provider.configuration()
  const implicit = provider.grant === 'implicit'
  const state = openid.randomState()
  const nonce = provider.openIdConnect ? openid.randomNonce() : undefined
  const methods = configuration.serverMetadata().code_challenge_methods_supported
  const codeVerifier =
    !implicit && (methods?.includes('S256') ?? true) ? openid.randomPKCECodeVerifier() : undefined
  const url = openid.buildAuthorizationUrl(configuration, {
    ...provider.authorizationParameters,
    ...(chooseAccount && provider.chooseAccountParameters),
    response_type: implicit ? 'token' : 'code',
    redirect_uri: redirectUri,
    scope: provider.scope,
    state,
    ...(nonce && { nonce }),
    ...(codeVerifier && {
      code_challenge: codeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    }),
  })
  const attempt = {
    providerId: provider.id,
    state,
    secret: openid.randomState(),
    redirectUri,
    codeVerifier,
    nonce,
    returnPath,
    startedAt: Date.now(),
  }
  return { url, attempt }
}

/**
 * Exchanges the authorization code of a callback for tokens, and checks the claims of an ID token.
 * @throws AppError `provider.*`
 * @see RFC 6749 section 4.1.3, RFC 9207, OpenID Connect Core 1.0 section 3.1.3
 */
export async function redeemCode(
  provider: Provider,
  attempt: Attempt,
  parameters: URLSearchParams,
): Promise<Tokens> {
  const callbackUrl = new URL(attempt.redirectUri)
  callbackUrl.search = parameters.toString()
  try {
    const answer = await openid.authorizationCodeGrant(await provider.configuration(), callbackUrl, {
      expectedState: attempt.state,
      ...(attempt.codeVerifier && { pkceCodeVerifier: attempt.codeVerifier }),
      ...(attempt.nonce && { expectedNonce: attempt.nonce }),
    })
    return tokensOf(answer)
  } catch (cause) {
    throw toProviderError(cause, provider.id)
  }
}

/**
 * Gets new tokens for a refresh token. The answer may bring another refresh token, which then takes its place.
 * @throws AppError `provider.*`
 * @see RFC 6749 section 6, OpenID Connect Core 1.0 section 12
 */
export async function refreshTokens(provider: Provider, refreshToken: string): Promise<Tokens> {
  try {
    const tokens = tokensOf(await openid.refreshTokenGrant(await provider.configuration(), refreshToken))
    return { ...tokens, refreshToken: tokens.refreshToken ?? refreshToken }
  } catch (cause) {
    throw toProviderError(cause, provider.id)
  }
}

const tokensOf = (answer: openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers): Tokens => ({
  accessToken: answer.access_token,
  refreshToken: answer.refresh_token,
  idToken: answer.id_token,
  claims: answer.claims(),
})
