import { hash } from 'node:crypto'
import * as openid from 'openid-client'
import { AppError } from '../errors.ts'
import { randomText } from '../random.ts'
import type { Attempt } from '../session/attempts.ts'
import { isToken, type Provider, type Tokens } from './providers/provider.ts'
import { toProviderError } from './providers/provider-error.ts'

/** PKCE's S256 (RFC 7636, section 4.2). Here and now: openid-client's goes through a thread. */
const codeChallenge = (codeVerifier: string): string => hash('sha256', codeVerifier, 'base64url')

const s256 = new WeakMap<openid.Configuration, boolean>()

/** Whether the provider knows PKCE; asked once, since openid-client copies all metadata for an answer. */
function knowsPkce(configuration: openid.Configuration): boolean {
  const remembered = s256.get(configuration)
  if (remembered !== undefined) return remembered
  const knows = configuration.serverMetadata().code_challenge_methods_supported?.includes('S256') ?? true
  s256.set(configuration, knows)
  return knows
}

/**
 * Begins a sign-in: what its callback must match.
 * @throws AppError `provider.*` where the provider's metadata cannot be read
 * @see RFC 7636 (PKCE)
 */
export async function beginAuthorization(
  provider: Provider,
  wish: Pick<Attempt, 'redirectUri' | 'returnPath' | 'chooseAccount'>,
): Promise<Attempt> {
  const provesKey = provider.grant === 'code' && knowsPkce(await provider.configuration())
  return {
    ...wish,
    providerId: provider.id,
    state: randomText(),
    secret: randomText(),
    codeVerifier: provesKey ? randomText() : undefined,
    nonce: provider.openIdConnect ? randomText() : undefined,
    startedAt: Date.now(),
  }
}

/** @see RFC 6749 section 4.1.1, OpenID Connect Core 1.0 section 3.1.2.1 */
function authorizationRequest(
  configuration: openid.Configuration,
  provider: Provider,
  { redirectUri, chooseAccount, state, nonce, codeVerifier }: Attempt,
): URL {
  return openid.buildAuthorizationUrl(configuration, {
    ...provider.authorizationParameters,
    ...(chooseAccount && provider.chooseAccountParameters),
    response_type: provider.grant === 'implicit' ? 'token' : 'code',
    redirect_uri: redirectUri,
    scope: provider.scope,
    state,
    ...(nonce && { nonce }),
    ...(codeVerifier && {
      code_challenge: codeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    }),
  })
}

/**
 * The authorization request of an attempt, as the browser takes it to the provider: the same whenever it is asked for.
 * @throws AppError `provider.*` where the provider's metadata cannot be read
 */
export const authorizationUrl = async (provider: Provider, attempt: Attempt): Promise<URL> =>
  authorizationRequest(await provider.configuration(), provider, attempt)

/** The same without asking anybody; `undefined` where the provider's metadata were never read. */
export function knownAuthorizationUrl(provider: Provider, attempt: Attempt): URL | undefined {
  const configuration = provider.knownConfiguration()
  return configuration && authorizationRequest(configuration, provider, attempt)
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

function tokensOf(answer: openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers): Tokens {
  const { access_token: accessToken, refresh_token: refreshToken, id_token: idToken, error } = answer
  const texts = [accessToken, refreshToken ?? accessToken]
  if (error !== undefined || !texts.every(isToken)) throw new AppError('provider.answer_invalid')
  return { accessToken, refreshToken, idToken, claims: answer.claims() }
}
