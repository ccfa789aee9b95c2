import { AwsError } from './aws-error.ts'
import type { HttpRequest } from './http-request.ts'
import { isSession, type Sessions } from './sessions.ts'
import { readSignature, signatureMatches } from './sigv4.ts'
import type { XmlContent } from './xml.ts'

/**
 * Says whose credentials a request was signed with.
 *
 * @param now milliseconds since the epoch
 * @throws AwsError `MissingAuthenticationToken`, `InvalidClientTokenId`, `ExpiredToken`, `SignatureDoesNotMatch`
 * @see "GetCallerIdentity", AWS Security Token Service API reference
 */
export function getCallerIdentity(sessions: Sessions, request: HttpRequest, now: number): XmlContent {
  const signature = readSignature(request)
  if (!signature)
    throw new AwsError(403, 'MissingAuthenticationToken', 'Request is missing Authentication Token')
  const caller = sessions.find(signature.accessKeyId)
  if (!caller || signature.sessionToken !== (isSession(caller) ? caller.sessionToken : undefined)) {
    throw new AwsError(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.')
  }
  if (isSession(caller) && caller.expiration.getTime() <= now) {
    throw new AwsError(403, 'ExpiredToken', 'The security token included in the request is expired')
  }
  if (signature.service !== 'sts' || !signatureMatches(signature, caller.secretAccessKey)) {
    throw new AwsError(
      403,
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided.',
    )
  }
  return { UserId: caller.userId, Account: caller.accountId, Arn: caller.arn }
}
