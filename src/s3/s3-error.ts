import { awsFailure, throttlingCodes, transportFailure } from '../aws-client.ts'
import { AppError, type ErrorCode } from '../errors.ts'
import { type Attempt, readDenial } from './denial.ts'

const byAwsCode = new Map<string, ErrorCode>([
  ['AccessDenied', 's3.access_denied'],
  ['NoSuchBucket', 's3.no_such_bucket'],
  ['InvalidBucketName', 's3.no_such_bucket'],
  ['NoSuchKey', 's3.no_such_key'],
  ['KeyTooLongError', 's3.no_such_key'],
  ['InvalidObjectState', 's3.object_archived'],
  ['ExpiredToken', 'session.expired'],
  ['ExpiredTokenException', 'session.expired'],
  ['InvalidToken', 's3.token_rejected'],
  ['InvalidAccessKeyId', 's3.key_unknown'],
  ['SignatureDoesNotMatch', 's3.signature_rejected'],
  ['RequestTimeTooSkewed', 's3.clock_skewed'],
  ['InvalidArgument', 's3.request_invalid'],
  ['PermanentRedirect', 's3.wrong_region'],
  ['AuthorizationHeaderMalformed', 's3.wrong_region'],
  ['RequestTimeout', 's3.connection_idle'],
  ['InternalError', 's3.internal_error'],
])

function codeOf(cause: unknown): ErrorCode {
  const transport = transportFailure(cause)
  if (transport) return `s3.${transport}`
  const { awsCode, httpStatus = 0 } = awsFailure(cause)
  const known = byAwsCode.get(awsCode)
  if (known) return known
  if (throttlingCodes.includes(awsCode) || httpStatus === 429) return 's3.throttled'
  return httpStatus === 403 ? 's3.access_denied' : 's3.unavailable'
}

/** What a denial was about, for log and page. Never S3's message itself: it names the person. */
function denialDetails(cause: unknown, attempt: Attempt) {
  const message = cause instanceof Error ? cause.message : ''
  const { action, resource, because, bySession, statement } = readDenial(message, attempt)
  return {
    deniedAction: action,
    deniedResource: resource,
    deniedBecause: because,
    deniedBySession: bySession,
    allowingStatement: statement,
  }
}

/**
 * Names what S3 answered to an attempt. Ceph's RADOS Gateway calls expired credentials `AccessDenied`: only their
 * expiry, in milliseconds since the epoch, tells.
 * @see Error Responses, Amazon S3 API reference
 */
export function toS3Error(cause: unknown, expiresAt = Number.POSITIVE_INFINITY, attempt?: Attempt): AppError {
  const code = codeOf(cause)
  const denied = code === 's3.access_denied'
  const details = awsFailure(cause)
  if (denied && expiresAt <= Date.now())
    return new AppError('session.expired', { cause, details: { ...details } })
  return new AppError(code, {
    cause,
    details: { ...details, ...(denied && attempt && denialDetails(cause, attempt)) },
  })
}
