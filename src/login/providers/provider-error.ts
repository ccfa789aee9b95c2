import * as jose from 'jose/errors'
import { ClientError, ResponseBodyError, WWWAuthenticateChallengeError } from 'openid-client'
import { AppError, type ErrorCode } from '../../errors.ts'
import { UnusableAnswer } from '../../unusable-answer.ts'

const byOAuthError = new Map<string, ErrorCode>([
  ['invalid_grant', 'provider.code_rejected'],
  ['invalid_client', 'provider.client_rejected'],
  ['unauthorized_client', 'provider.client_rejected'],
  ['slow_down', 'provider.throttled'],
  ['server_error', 'provider.unavailable'],
  ['temporarily_unavailable', 'provider.unavailable'],
])

const byClientErrorCode = new Map<string, ErrorCode>([
  ['OAUTH_TIMEOUT', 'provider.timeout'],
  ['OAUTH_ABORT', 'provider.timeout'],
  ['OAUTH_JWT_CLAIM_COMPARISON_FAILED', 'provider.token_invalid'],
  ['OAUTH_JWT_TIMESTAMP_CHECK_FAILED', 'provider.token_invalid'],
  ['OAUTH_KEY_SELECTION_FAILED', 'provider.token_invalid'],
])

/** The claim or JSON member that openid-client compared, where two parties contradict one another. */
const byComparison = new Map<string, ErrorCode>([
  ['azp', 'provider.token_not_ours'],
  // Of the userinfo answer with the ID token's, and of the metadata with the configured one.
  ['sub', 'provider.profile_mismatch'],
  ['issuer', 'provider.misconfigured'],
])

/**
 * openid-client has one error code for a callback, a token and an answer that do not conform; only its words tell
 * which of them it is. A callback comes in by the browser, so that what is wrong with it is nobody's outage.
 */
const byWords: [RegExp, ErrorCode][] = [
  [/\(issuer\).* response parameter|response parameter "iss"/, 'login.provider_mismatch'],
  [/^"\w+" parameter must|"(callbackP|p)arameters"|implicit and hybrid flows/, 'request.malformed'],
  [/\b(JWT|JWE|ID Token|id_token)\b/, 'provider.token_invalid'],
]

/** The failure that an unexpected HTTP status of a provider stands for. */
export function statusError(status: number): ErrorCode {
  if (status === 429) return 'provider.throttled'
  return status >= 500 ? 'provider.unavailable' : 'provider.answer_invalid'
}

/** What openid-client passes on without a code of its own: an answer that it cannot make anything of. */
const isAboutAnswer = (cause: unknown): boolean =>
  cause instanceof Error && cause.name === 'OperationProcessingError'

/** What openid-client puts below an error: the claim or member that was compared, and the words of the cause. */
interface Below {
  claim?: unknown
  attribute?: unknown
  cause?: Below
  message?: unknown
}

function codeOfClientError({ code, cause }: ClientError): ErrorCode | undefined {
  if (cause instanceof Response) return statusError(cause.status)
  const below = (cause ?? {}) as Below
  const compared = String(below.cause?.claim ?? below.cause?.attribute ?? below.attribute)
  const contradiction = byComparison.get(compared)
  if (contradiction) return contradiction
  if (code === undefined) return isAboutAnswer(cause) ? 'provider.answer_invalid' : codeOf(cause)
  const words = String(below.message)
  return (
    byClientErrorCode.get(code) ??
    byWords.find(([pattern]) => pattern.test(words))?.[1] ??
    'provider.answer_invalid'
  )
}

/** A 401 with a challenge: to our client's secret by the token endpoint, to the access token by any other. */
const codeOfChallenge = ({ cause }: WWWAuthenticateChallengeError): ErrorCode =>
  cause.some(({ scheme }) => scheme === 'bearer') ? 'provider.answer_invalid' : 'provider.client_rejected'

function codeOf(cause: unknown): ErrorCode | undefined {
  if (cause instanceof ResponseBodyError) {
    return cause.status === 429
      ? 'provider.throttled'
      : (byOAuthError.get(cause.error) ?? statusError(cause.status))
  }
  if (cause instanceof ClientError) return codeOfClientError(cause)
  if (cause instanceof WWWAuthenticateChallengeError) return codeOfChallenge(cause)
  if (cause instanceof jose.JWKSTimeout) return 'provider.timeout'
  if (cause instanceof jose.JWKSInvalid) return 'provider.answer_invalid'
  if (cause instanceof jose.JOSEError) {
    return cause.code === 'ERR_JOSE_GENERIC' ? 'provider.unavailable' : 'provider.token_invalid'
  }
  if (cause instanceof UnusableAnswer || cause instanceof SyntaxError) {
    return 'provider.answer_invalid'
  }
  // A deadline; or a key that cannot be read as one.
  if (cause instanceof DOMException) {
    return ['TimeoutError', 'AbortError'].includes(cause.name)
      ? 'provider.timeout'
      : 'provider.answer_invalid'
  }
  // The Fetch API reports every network failure as a TypeError with a cause.
  if (cause instanceof TypeError && cause.cause !== undefined) return 'provider.unreachable'
  return undefined
}

/**
 * Names what went wrong between us and an identity provider, and which one. What it does not know is handed back as
 * it came, and ends as `internal.unexpected`.
 */
export function toProviderError(cause: unknown, provider: string): unknown {
  if (cause instanceof AppError) {
    cause.details.provider ??= provider
    return cause
  }
  const code = codeOf(cause)
  if (code === undefined) return cause
  const oauthError = cause instanceof ResponseBodyError ? cause.error : undefined
  return new AppError(code, { cause, details: { provider, oauthError } })
}
