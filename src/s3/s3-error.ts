import { awsFailure, throttlingCodes, transportFailure } from '../aws-client.ts'
import { AppError, type ErrorCode } from '../errors.ts'

const byAwsCode = new Map<string, ErrorCode>([
  ['AccessDenied', 's3.access_denied'],
  ['ExpiredToken', 'session.expired'],
  ['ExpiredTokenException', 'session.expired'],
  ['InvalidToken', 's3.credentials_rejected'],
  ['InvalidAccessKeyId', 's3.credentials_rejected'],
  ['SignatureDoesNotMatch', 's3.credentials_rejected'],
  ['RequestTimeTooSkewed', 's3.clock_skewed'],
  ['InvalidArgument', 's3.request_invalid'],
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

/**
 * Names what S3 answered. Ceph's RADOS Gateway calls expired credentials `AccessDenied`: only their expiry, in
 * milliseconds since the epoch, tells.
 * @see Error Responses, Amazon S3 API reference
 */
export function toS3Error(cause: unknown, expiresAt = Number.POSITIVE_INFINITY): AppError {
  const code = codeOf(cause)
  const expired = code === 's3.access_denied' && expiresAt <= Date.now()
  return new AppError(expired ? 'session.expired' : code, { cause, details: { ...awsFailure(cause) } })
}
