import { errors as jose } from 'jose'
import { ClientError, ResponseBodyError } from 'openid-client'
import { ZodError } from 'zod'
import { AppError, type ErrorCode } from '../../errors.ts'
import { UnusableAnswer } from '../../http-client.ts'

const byOAuthError: Record<string, ErrorCode> = {
  invalid_grant: 'provider.code_rejected',
  invalid_client: 'provider.client_rejected',
  unauthorized_client: 'provider.client_rejected',
  slow_down: 'provider.throttled',
  server_error: 'provider.unavailable',
  temporarily_unavailable: 'provider.unavailable',
}

const byClientErrorCode: Record<string, ErrorCode> = {
  OAUTH_TIMEOUT: 'provider.timeout',
  OAUTH_ABORT: 'provider.timeout',
  OAUTH_JWT_CLAIM_COMPARISON_FAILED: 'provider.token_invalid',
  OAUTH_JWT_TIMESTAMP_CHECK_FAILED: 'provider.token_invalid',
  OAUTH_KEY_SELECTION_FAILED: 'provider.token_invalid',
}

/** The failure that an unexpected HTTP status of a provider stands for. */
export function statusError(status: number): ErrorCode {
  if (status === 429) return 'provider.throttled'
  return status >= 500 ? 'provider.unavailable' : 'provider.answer_invalid'
}

function codeOf(cause: unknown): ErrorCode | undefined {
  if (cause instanceof ResponseBodyError) {
    return cause.status === 429
      ? 'provider.throttled'
      : (byOAuthError[cause.error] ?? statusError(cause.status))
  }
  if (cause instanceof ClientError) {
    if (cause.cause instanceof Response) return statusError(cause.cause.status)
    // The library reports a forbidden signature algorithm among malformed answers; only its header tells.
    const concernsToken =
      (cause.cause as { cause?: { header?: unknown } } | undefined)?.cause?.header !== undefined
    if (concernsToken) return 'provider.token_invalid'
    if (cause.code === undefined) return codeOf(cause.cause)
    return byClientErrorCode[cause.code] ?? 'provider.answer_invalid'
  }
  if (cause instanceof jose.JWKSTimeout) return 'provider.timeout'
  if (cause instanceof jose.JWKSInvalid) return 'provider.answer_invalid'
  if (cause instanceof jose.JOSEError) {
    return cause.code === 'ERR_JOSE_GENERIC' ? 'provider.unavailable' : 'provider.token_invalid'
  }
  if (cause instanceof UnusableAnswer || cause instanceof ZodError || cause instanceof SyntaxError) {
    return 'provider.answer_invalid'
  }
  if (cause instanceof DOMException) return 'provider.timeout'
  // The Fetch API reports every network failure as a TypeError with a cause.
  if (cause instanceof TypeError && cause.cause !== undefined) return 'provider.unreachable'
  return undefined
}

/**
 * Names what went wrong between us and an identity provider. What it does not know is handed back as it came,
 * and ends as `internal.unexpected`.
 */
export function toProviderError(cause: unknown, provider: string): unknown {
  if (cause instanceof AppError) return cause
  const code = codeOf(cause)
  if (code === undefined) return cause
  const oauthError = cause instanceof ResponseBodyError ? cause.error : undefined
  return new AppError(code, { cause, details: { provider, oauthError } })
}
