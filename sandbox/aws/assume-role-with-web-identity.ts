import { AwsError } from './aws-error.ts'
import { type IdentityProvider, invalidIdentityToken } from './identity-providers/identity-provider.ts'
import { evaluateTrustPolicy, type PolicyDocument, parseSessionPolicy } from './policies.ts'
import { isRoleArn, type Role } from './roles.ts'
import type { Sessions } from './sessions.ts'
import { type AssumeRoleParameters, readAssumeRoleParameters, validationError } from './sts-parameters.ts'
import type { XmlContent } from './xml.ts'

/** What the local STS works with. */
export interface StsAccount {
  identityProviders: IdentityProvider[]
  roles: Role[]
  sessions: Sessions
  /** Lifetime of every session in seconds, whatever is asked for. `undefined`: what is asked for. */
  sessionSecondsOverride: number | undefined
}

const MAX_PACKED_BYTES = 2048

/**
 * Exchanges a web identity token for temporary credentials: checks the parameters, asks the identity provider,
 * evaluates the role's trust policy, issues a session.
 *
 * @param now milliseconds since the epoch
 * @throws AwsError with the codes that AWS documents for this action
 * @see "AssumeRoleWithWebIdentity", AWS Security Token Service API reference
 */
export async function assumeRoleWithWebIdentity(
  account: StsAccount,
  sent: Record<string, string>,
  now: number,
): Promise<XmlContent> {
  const parameters = readAssumeRoleParameters(sent)
  if (!isRoleArn(parameters.roleArn)) throw validationError('Request ARN is invalid')
  const sessionPolicy = await readSessionPolicy(parameters.policy)

  const provider = findProvider(account.identityProviders, parameters)
  const identity = await provider.verify(parameters.webIdentityToken, now)

  const contextKeys = { ...identity.contextKeys, 'aws:FederatedProvider': provider.principal }
  const role = trustingRole(account.roles, parameters, provider.principal, contextKeys)
  if (parameters.durationSeconds > role.maxSessionDurationSeconds) {
    throw validationError('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.')
  }

  const session = account.sessions.issue({
    expiration: new Date(now + (account.sessionSecondsOverride ?? parameters.durationSeconds) * 1000),
    role,
    roleSessionName: parameters.roleSessionName,
    sessionPolicy,
    subject: identity.subject,
    contextKeys,
  })
  return {
    Credentials: {
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      SessionToken: session.sessionToken,
      Expiration: session.expiration.toISOString(),
    },
    SubjectFromWebIdentityToken: identity.subject,
    AssumedRoleUser: { AssumedRoleId: session.userId, Arn: session.arn },
    PackedPolicySize: parameters.policy ? packedPercent(parameters.policy) : undefined,
    Provider: provider.name,
    Audience: identity.audience,
  }
}

function findProvider(
  providers: IdentityProvider[],
  { providerId, webIdentityToken }: AssumeRoleParameters,
): IdentityProvider {
  const name = providerId ?? issuerOf(webIdentityToken)
  const provider = providers.find((one) => one.name === name)
  if (!provider) throw invalidIdentityToken(`No OpenIDConnect provider found in your account for ${name}`)
  return provider
}

function issuerOf(token: string): string {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    if (typeof claims.iss === 'string') return claims.iss
  } catch {
    // Not JSON: an access token, most likely.
  }
  throw invalidIdentityToken(
    'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
  )
}

function trustingRole(
  roles: Role[],
  { roleArn, roleSessionName }: AssumeRoleParameters,
  principal: string,
  contextKeys: Record<string, string>,
): Role {
  const role = roles.find(({ arn }) => arn === roleArn)
  const verdict =
    role &&
    evaluateTrustPolicy(role.trustPolicy, {
      principal,
      accountId: role.accountId,
      action: 'sts:AssumeRoleWithWebIdentity',
      resource: role.arn,
      context: { ...contextKeys, 'sts:RoleSessionName': roleSessionName },
    })
  // One answer for a missing role and for one that does not trust: nobody may find out which roles there are.
  if (!role || verdict !== 'Allowed') {
    throw new AwsError(403, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity')
  }
  return role
}

async function readSessionPolicy(text: string | undefined): Promise<PolicyDocument | undefined> {
  if (text === undefined) return undefined
  const percent = packedPercent(text)
  if (percent > 100) {
    const message = `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`
    throw new AwsError(400, 'PackedPolicyTooLarge', message)
  }
  const policy = await parseSessionPolicy(text)
  if (!policy) throw new AwsError(400, 'MalformedPolicyDocument', 'Syntax errors in policy.')
  return policy
}

/** AWS packs in a way of its own; bytes are what can be known of it from outside. */
const packedPercent = (policy: string): number =>
  Math.ceil((Buffer.byteLength(policy) / MAX_PACKED_BYTES) * 100)
