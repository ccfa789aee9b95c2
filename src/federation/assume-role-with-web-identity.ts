import type { STS } from '@aws-sdk/client-sts'
import { type AwsFailure, awsFailure, throttlingCodes, transportFailure } from '../aws-client.ts'
import { AppError, type ErrorCode } from '../errors.ts'
import { requestContext } from '../request-context.ts'
import type { Access } from './access.ts'
import type { Identity } from './identity.ts'
import { roleSessionName } from './role-session-name.ts'
import { type TrustEvidence, trustPolicyFor } from './trust-policy.ts'

/** Characters of a web identity token that STS takes. */
const longestToken = 20_000

/** How roles are assumed, the same for everybody. */
export interface RoleSessionSettings {
  roleSessionSeconds: number
  roleSessionName: 'email' | 'subject'
  sessionPolicy: string | undefined
}

const byAwsCode = new Map<string, ErrorCode>([
  ['AccessDenied', 'federation.access_denied'],
  ['InvalidIdentityToken', 'federation.web_identity_rejected'],
  ['IDPRejectedClaim', 'federation.claim_rejected'],
  ['ExpiredTokenException', 'federation.token_expired'],
  ['ExpiredToken', 'federation.token_expired'],
  ['IDPCommunicationError', 'federation.provider_unreachable'],
  ['ValidationError', 'federation.request_invalid'],
  ['MissingParameter', 'federation.parameter_missing'],
  ['InvalidParameterValue', 'federation.parameter_rejected'],
  ['InvalidAction', 'federation.action_unknown'],
  ['MissingAction', 'federation.action_unknown'],
  ['RequestExpired', 'federation.request_expired'],
  ['MalformedPolicyDocument', 'federation.policy_rejected'],
  ['PackedPolicyTooLarge', 'federation.policy_too_large'],
  ['RegionDisabledException', 'federation.region_disabled'],
  ['InvalidClientTokenId', 'federation.key_rejected'],
  ['OptInRequired', 'federation.account_not_ready'],
  ['InternalFailure', 'federation.internal_failure'],
])

function codeOf({ awsCode, httpStatus = 0 }: AwsFailure, message: string): ErrorCode {
  if (awsCode === 'ValidationError' && message.includes('MaxSessionDuration')) {
    return 'federation.duration_too_long'
  }
  const known = byAwsCode.get(awsCode)
  if (known) return known
  if (throttlingCodes.includes(awsCode) || httpStatus === 429) return 'federation.throttled'
  // Ceph's RADOS Gateway puts its codes where the SDK does not look for them.
  if (httpStatus === 403) return 'federation.access_denied'
  if (httpStatus === 400 && awsCode === 'Unknown') return 'federation.request_invalid'
  return httpStatus >= 500 ? 'federation.unavailable' : 'federation.answer_invalid'
}

/** What an operator compares when STS does not trust a token: its claims, and the policy that would. */
function trustDetails(roleArn: string, trust: TrustEvidence): Record<string, string> {
  const claims = Object.entries(trust.claims).map(([name, value]) => [`token ${name}`, value])
  return {
    ...Object.fromEntries(claims),
    ...(trust.pitfall && { pitfall: trust.pitfall }),
    trustPolicy: trustPolicyFor(roleArn, trust),
  }
}

const isAboutTrust = (code: ErrorCode): boolean =>
  code === 'federation.access_denied' || code === 'federation.web_identity_rejected'

/** Names what STS answered. `details` go along. */
export function toFederationError(
  cause: unknown,
  details: Record<string, string>,
  trust?: TrustEvidence,
): AppError {
  const failure = awsFailure(cause)
  const transport = transportFailure(cause)
  const message = cause instanceof Error ? cause.message : ''
  const code = transport ? (`federation.${transport}` as const) : codeOf(failure, message)
  const expected = trust && isAboutTrust(code) && trustDetails(details.roleArn ?? '', trust)
  return new AppError(code, { cause, details: { ...details, ...failure, ...expected } })
}

/** A role of AWS belongs to an account. One that does not is Ceph's, which refuses `+` in the names of role sessions. */
const belongsToAccount = (roleArn: string): boolean => /:iam::\d+:/.test(roleArn)

/**
 * Exchanges a web identity for temporary credentials of a role. The call is unsigned: the web identity token is
 * the only credential in it.
 * @throws AppError `federation.*`
 * @see AssumeRoleWithWebIdentity, AWS STS API reference
 */
export async function assumeRoleWithWebIdentity(
  sts: STS,
  settings: RoleSessionSettings,
  roleArn: string,
  identity: Identity,
): Promise<Access> {
  const sessionName = roleSessionName(identity.person, settings.roleSessionName, belongsToAccount(roleArn))
  const request = {
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    WebIdentityToken: identity.webIdentityToken,
    ProviderId: identity.stsProviderId,
    DurationSeconds: settings.roleSessionSeconds,
    Policy: settings.sessionPolicy,
  }
  const tokenLength = identity.webIdentityToken.length
  const details = { provider: identity.person.providerId, roleArn, roleSessionName: sessionName }
  if (tokenLength > longestToken) {
    throw new AppError('federation.token_too_large', { details: { ...details, tokenLength } })
  }
  const deadline = requestContext()?.deadline
  const answer = await sts
    .assumeRoleWithWebIdentity(request, deadline ? { abortSignal: deadline } : {})
    .catch((cause: unknown) => {
      throw toFederationError(cause, details, identity.trust)
    })
  const awsRequestId = answer.$metadata.requestId
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = answer.Credentials ?? {}
  if (
    !AccessKeyId ||
    !SecretAccessKey ||
    !SessionToken ||
    !Expiration ||
    Number.isNaN(Expiration.getTime())
  ) {
    throw new AppError('federation.answer_invalid', {
      details: { ...details, awsRequestId, problem: 'incomplete credentials' },
    })
  }
  const subject = answer.SubjectFromWebIdentityToken
  if (subject !== undefined && subject !== identity.person.subject) {
    throw new AppError('federation.subject_mismatch', { details: { ...details, awsRequestId } })
  }
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
    issuedAt: Date.now(),
    expiresAt: Expiration.getTime(),
    roleArn,
    assumedRoleArn: answer.AssumedRoleUser?.Arn ?? roleArn,
    roleSessionName: sessionName,
    audience: answer.Audience,
    awsRequestId,
  }
}
