import { AwsError } from './aws-error.ts'
import { type AccessRequest, evaluatePolicy, type PolicyDocument } from './policies.ts'
import { type Caller, isSession, type Session } from './sessions.ts'

/** What an action is done to, and with which condition keys. */
export type Access = Pick<AccessRequest, 'action' | 'resource'> & { contextKeys: Record<string, string> }

/**
 * Lets a caller pass whom both the identity's own policy and, of a session that has one, the session policy allow.
 *
 * @param now milliseconds since the epoch
 * @throws AwsError `AccessDenied`, which names the policy that stood in the way
 * @see "Policy evaluation logic", AWS Identity and Access Management user guide
 */
export function authorize(caller: Caller | Session, access: Access, now: number): void {
  const request: AccessRequest = {
    principal: caller.arn,
    // All buckets belong to whoever asks: there is one account.
    accountId: caller.accountId,
    action: access.action,
    resource: access.resource,
    context: { ...callerKeys(caller), 'aws:CurrentTime': new Date(now).toISOString(), ...access.contextKeys },
  }
  demand(caller.permissionPolicy, 'identity-based', request)
  if (isSession(caller) && caller.sessionPolicy) demand(caller.sessionPolicy, 'session', request)
}

function demand(policy: PolicyDocument, kind: 'identity-based' | 'session', request: AccessRequest): void {
  const verdict = evaluatePolicy(policy, request)
  if (verdict === 'Allowed') return
  const { action, resource, principal } = request
  const what = resource === '*' ? action : `${action} on resource: "${resource}"`
  const article = kind === 'session' ? 'a' : 'an'
  const reason =
    verdict === 'ExplicitlyDenied'
      ? `with an explicit deny in ${article} ${kind} policy`
      : `because no ${kind} policy allows the ${action} action`
  throw new AwsError(
    403,
    'AccessDenied',
    `User: ${principal} is not authorized to perform: ${what} ${reason}`,
  )
}

function callerKeys(caller: Caller | Session): Record<string, string> {
  return {
    'aws:userid': caller.userId,
    'aws:PrincipalAccount': caller.accountId,
    'aws:PrincipalArn': isSession(caller) ? caller.role.arn : caller.arn,
    // Loopback stands in for TLS.
    'aws:SecureTransport': 'true',
    ...(isSession(caller) ? caller.contextKeys : {}),
  }
}
