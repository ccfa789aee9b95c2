import { AwsError } from './aws-error.ts'
import type { HttpRequest } from './http-request.ts'
import { type Caller, isSession, type Session, type Sessions } from './sessions.ts'
import { readSignature, type Signature, sha256, signatureMatches, signatureScheme } from './sigv4.ts'

const MAX_SKEW_MS = 15 * 60 * 1000
const MAX_EXPIRES_SECONDS = 7 * 24 * 3600

/**
 * Finds out who has sent a request to S3, in this order: the key, its session token and expiry, the region, the time,
 * the signature, the body.
 *
 * @param region of the endpoint
 * @param now milliseconds since the epoch
 * @throws AwsError with the codes of "Error responses", Amazon S3 API reference
 */
export function authenticate(
  request: HttpRequest,
  sessions: Sessions,
  region: string,
  now: number,
): Caller | Session {
  const signature = readSignature(request)
  if (!signature) throw unreadable(request)
  const caller = checkCredentials(signature, sessions, now)
  checkScope(signature, region)
  checkTime(signature, now)
  checkSignedHeaders(request, signature)
  if (!signatureMatches(signature, caller.secretAccessKey)) throw signatureDoesNotMatch(signature)
  checkPayload(request, signature)
  return caller
}

function unreadable(request: HttpRequest): AwsError {
  const scheme = signatureScheme(request)
  if (scheme === undefined) return new AwsError(403, 'AccessDenied', 'Access Denied')
  if (scheme !== 'other') return malformed(scheme, 'it could not be parsed')
  const message =
    'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.'
  return new AwsError(400, 'InvalidRequest', message)
}

function checkCredentials({ accessKeyId, sessionToken }: Signature, sessions: Sessions, now: number): Caller {
  const caller = sessions.find(accessKeyId)
  // AWS does not know a temporary key without its token any more than one that never was.
  if (!caller || (isSession(caller) && sessionToken === undefined)) {
    const message = 'The AWS Access Key Id you provided does not exist in our records.'
    throw new AwsError(403, 'InvalidAccessKeyId', message, { AWSAccessKeyId: accessKeyId })
  }
  if (sessionToken !== (isSession(caller) ? caller.sessionToken : undefined)) {
    const message = 'The provided token is malformed or otherwise invalid.'
    throw new AwsError(400, 'InvalidToken', message, { 'Token-0': String(sessionToken) })
  }
  if (isSession(caller) && caller.expiration.getTime() <= now) {
    throw new AwsError(400, 'ExpiredToken', 'The provided token has expired.', {
      'Token-0': caller.sessionToken,
    })
  }
  return caller
}

function checkScope(signature: Signature, region: string): void {
  if (signature.service !== 's3') {
    throw malformed(signature.form, `incorrect service "${signature.service}"; expecting "s3"`)
  }
  if (signature.region !== region) {
    throw malformed(signature.form, `the region '${signature.region}' is wrong; expecting '${region}'`, {
      Region: region,
    })
  }
}

function checkTime({ signedAt, expiresSeconds }: Signature, now: number): void {
  if (expiresSeconds === undefined) {
    if (Math.abs(now - signedAt) <= MAX_SKEW_MS) return
    const message = 'The difference between the request time and the current time is too large.'
    throw new AwsError(403, 'RequestTimeTooSkewed', message, {
      RequestTime: new Date(signedAt).toISOString(),
      ServerTime: new Date(now).toISOString(),
      MaxAllowedSkewMilliseconds: String(MAX_SKEW_MS),
    })
  }
  if (expiresSeconds < 1 || expiresSeconds > MAX_EXPIRES_SECONDS) {
    const message = 'X-Amz-Expires must be less than a week (in seconds) and greater than zero'
    throw new AwsError(400, 'AuthorizationQueryParametersError', message)
  }
  if (signedAt > now + MAX_SKEW_MS) throw new AwsError(403, 'AccessDenied', 'Request is not yet valid')
  const expires = signedAt + expiresSeconds * 1000
  if (now > expires) {
    throw new AwsError(403, 'AccessDenied', 'Request has expired', {
      'X-Amz-Expires': String(expiresSeconds),
      Expires: new Date(expires).toISOString(),
      ServerTime: new Date(now).toISOString(),
    })
  }
}

/** A header that matters must be signed, or anybody on the way could add one. */
function checkSignedHeaders({ headers }: HttpRequest, { signedHeaders }: Signature): void {
  const unsigned = Object.keys(headers).filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signedHeaders.includes(name),
  )
  if (unsigned.length === 0) return
  const message = 'There were headers present in the request which were not signed'
  throw new AwsError(403, 'AccessDenied', message, { HeadersNotSigned: unsigned.join(', ') })
}

function checkPayload(request: HttpRequest, { form, payloadHash }: Signature): void {
  if (form === 'header' && request.headers['x-amz-content-sha256'] === undefined) {
    throw new AwsError(
      400,
      'InvalidRequest',
      'Missing required header for this request: x-amz-content-sha256',
    )
  }
  if (payloadHash === 'UNSIGNED-PAYLOAD' || payloadHash === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') return
  if (payloadHash.startsWith('STREAMING-')) {
    // The signatures of the chunks would have to be checked one by one; better none than unchecked.
    const message = 'A header you provided implies functionality that is not implemented'
    throw new AwsError(501, 'NotImplemented', message)
  }
  const computed = sha256(request.body)
  if (computed === payloadHash) return
  throw new AwsError(
    400,
    'XAmzContentSHA256Mismatch',
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
    { ClientComputedContentSHA256: payloadHash, S3ComputedContentSHA256: computed },
  )
}

function signatureDoesNotMatch(signature: Signature): AwsError {
  return new AwsError(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    {
      AWSAccessKeyId: signature.accessKeyId,
      StringToSign: signature.stringToSign,
      SignatureProvided: signature.value,
      CanonicalRequest: signature.canonicalRequest,
    },
  )
}

const malformed = (form: Signature['form'], why: string, details?: Record<string, string>): AwsError =>
  form === 'header'
    ? new AwsError(
        400,
        'AuthorizationHeaderMalformed',
        `The authorization header is malformed; ${why}`,
        details,
      )
    : new AwsError(
        400,
        'AuthorizationQueryParametersError',
        `Error parsing the X-Amz-Credential parameter; ${why}`,
        details,
      )
