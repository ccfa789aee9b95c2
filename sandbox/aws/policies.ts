import { runSimulation, runUnsafeSimulation } from '@cloud-copilot/iam-simulate'

/** One statement of a policy, in IAM's own words. */
interface PolicyStatement {
  Sid?: string
  Effect: 'Allow' | 'Deny'
  Principal?: '*' | { Federated: string | string[] }
  Action: string | string[]
  Resource?: string | string[]
  Condition?: Record<string, Record<string, string | string[]>>
}

/** @see "IAM JSON policy reference", AWS Identity and Access Management user guide */
export interface PolicyDocument {
  /** Policy variables such as `${www.amazon.com:user_id}` need `2012-10-17`. */
  Version: '2012-10-17'
  Statement: PolicyStatement[]
}

/** What somebody wants to do, as a policy sees it. */
export interface AccessRequest {
  /** ARN of who asks. */
  principal: string
  accountId: string
  /** `s3:GetObject` */
  action: string
  /** ARN of what it is done to. */
  resource: string
  /** Condition keys and policy variables. A key that has no value is left out. */
  context: Record<string, string>
}

export type Verdict = 'Allowed' | 'ExplicitlyDenied' | 'ImplicitlyDenied'

/** Evaluates one identity or session policy. */
export function evaluatePolicy(policy: PolicyDocument, request: AccessRequest): Verdict {
  // The library's checked entry drops condition keys that it does not list for an action, and with them the
  // policy variables of web identities: the unchecked one keeps them.
  return runUnsafeSimulation(
    {
      request: {
        principal: request.principal,
        action: request.action,
        resource: { resource: request.resource, accountId: request.accountId },
        contextVariables: request.context,
      },
      identityPolicies: [{ name: 'policy', policy }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  )
}

/**
 * Evaluates a role's trust policy for a federated `principal`. Which statements mean the principal is decided here;
 * action, conditions and explicit denials are left to the same engine as every other policy. The role stands in for
 * the principal there, since an identity provider has no account, and the engine allows nothing across accounts.
 */
export function evaluateTrustPolicy(policy: PolicyDocument, request: AccessRequest): Verdict {
  const statements = policy.Statement.filter(({ Principal }) => names(Principal, request.principal))
  if (statements.length === 0) return 'ImplicitlyDenied'
  return evaluatePolicy(
    { ...policy, Statement: statements.map(({ Principal: _, ...rest }) => ({ ...rest, Resource: '*' })) },
    { ...request, principal: request.resource },
  )
}

/** Reads a session policy. `undefined`: IAM would call the document malformed. */
export async function parseSessionPolicy(text: string): Promise<PolicyDocument | undefined> {
  let document: PolicyDocument
  try {
    document = JSON.parse(text)
  } catch {
    return undefined
  }
  const simulated = await runSimulation(
    {
      request: {
        principal: 'arn:aws:iam::123456789012:role/any',
        action: 's3:ListAllMyBuckets',
        resource: { resource: '*', accountId: '123456789012' },
        contextVariables: {},
      },
      identityPolicies: [{ name: 'session policy', policy: document }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  )
  return simulated.resultType === 'error' ? undefined : document
}

function names(principal: PolicyStatement['Principal'], federated: string): boolean {
  if (principal === undefined || principal === '*') return principal === '*'
  return [principal.Federated].flat().includes(federated)
}
