import type { AwsClients } from '../aws-client.ts'
import type { Config, ProviderSettings } from '../config.ts'
import type { ErrorCode } from '../errors.ts'
import { probeRole } from '../federation/probe-role.ts'
import type { HttpClient } from '../http-client.ts'
import { certificateProblem, failureCode } from './failure.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

const stsProviderIds = {
  amazon: 'www.amazon.com',
  facebook: 'graph.facebook.com',
  'openid-connect': undefined,
} as const

/** All is well but the token, which is the point. */
const asItShould: ErrorCode[] = [
  'federation.web_identity_rejected',
  'federation.claim_rejected',
  'federation.token_expired',
]

/** What the other refusals tell. `role` and `issuer` are names of variables. */
function refusal(code: ErrorCode, role: string, issuer: string): Finding {
  switch (code) {
    case 'federation.access_denied':
      return warn(
        role,
        'is denied by STS before it looks at the token',
        'Check that the role exists, and that its trust policy is the one below.',
      )
    case 'federation.request_invalid':
    case 'federation.parameter_rejected':
      return fail(
        role,
        'or ROLE_SESSION_SECONDS is refused by STS as invalid',
        'Copy the ARN again, and ask for no longer sessions than the MaxSessionDuration of the role.',
      )
    case 'federation.duration_too_long':
      return fail(
        'ROLE_SESSION_SECONDS',
        `is more than the role of ${role} allows`,
        'Lower it, or raise the MaxSessionDuration of the role.',
      )
    case 'federation.account_not_ready':
      return fail(
        'AWS_REGION',
        'is a region that the account has not opted in to',
        'Opt in, or take another.',
      )
    case 'federation.policy_rejected':
    case 'federation.policy_too_large':
      return fail('SESSION_POLICY', 'is refused by STS', 'Take it away, or mend the policy.')
    case 'federation.region_disabled':
      return fail(
        'AWS_REGION',
        'is a region where STS is switched off',
        'Activate STS there, or take another.',
      )
    case 'federation.provider_unreachable':
      return fail(
        issuer,
        'is not reached by AWS STS',
        'Its metadata and keys must be on the internet, over HTTPS.',
      )
    case 'federation.unreachable':
    case 'federation.timeout':
      return fail(
        'STS',
        'cannot be reached',
        'Check AWS_REGION and AWS_ENDPOINT_URL_STS, and let this machine out to it by HTTPS.',
      )
    case 'federation.throttled':
    case 'federation.unavailable':
    case 'federation.internal_failure':
      return warn('STS', 'has no time or is down', 'Run this again in a moment.')
    default:
      return fail('STS', 'answers what AWS STS never would', 'Check AWS_ENDPOINT_URL_STS.')
  }
}

async function checkRole(settings: ProviderSettings, aws: AwsClients, config: Config): Promise<Finding> {
  const { id, kind, roleArn, clientId, issuer } = settings
  const prefix = id.toUpperCase()
  const probed = { id, roleArn, clientId, issuer, stsProviderId: stsProviderIds[kind] }
  const error = await probeRole(await aws.sts(), config.aws, probed)
  const role = `${prefix}_ROLE_ARN`
  if (error === undefined) {
    return fail(
      'STS',
      `gave credentials of ${role} for a token that nobody issued`,
      'This is not AWS. Switch it off.',
    )
  }
  const words = error.cause instanceof Error ? error.cause.message : ''
  if (/no openidconnect provider found/i.test(words)) {
    return fail(
      `${prefix}_ISSUER`,
      `is not registered with IAM in the account of ${role}`,
      'aws iam create-open-id-connect-provider, letter by letter as here: docs/providers.md, "In AWS".',
    )
  }
  if (/MaxSessionDuration/.test(words)) {
    return fail(
      'ROLE_SESSION_SECONDS',
      `is longer than the MaxSessionDuration of ${role}`,
      'Lower the one, or raise the other (MaxSessionDuration of infra/federation-roles.yaml).',
    )
  }
  return asItShould.includes(error.code)
    ? ok(role, 'is taken by STS, which refuses a token that nobody issued')
    : refusal(error.code, role, `${prefix}_ISSUER`)
}

async function checkS3({ aws }: Config, http: HttpClient): Promise<Finding> {
  const suffix = aws.region.startsWith('cn-') ? '.cn' : ''
  const endpoint = aws.s3Endpoint ?? `https://s3.${aws.region}.amazonaws.com${suffix}`
  try {
    await http.fetch(endpoint)
    return ok('S3', 'is reached')
  } catch (error) {
    const code = failureCode(error)
    return fail(
      'S3',
      certificateProblem(code) ?? `cannot be reached: ${code}`,
      'Check AWS_REGION and AWS_ENDPOINT_URL_S3, and let this machine out to it by HTTPS.',
    )
  }
}

/** Whether STS and S3 are reached, and what STS says of each role. */
export async function checkAwsOnline(config: Config, aws: AwsClients, http: HttpClient): Promise<Finding[]> {
  const findings = await Promise.all([
    ...config.providers.map((settings) => checkRole(settings, aws, config)),
    checkS3(config, http),
  ])
  // What is wrong with STS itself is said once.
  const isSame = (one: Finding, other: Finding) =>
    one.subject === other.subject && one.finding === other.finding
  return findings.filter((one, at) => findings.findIndex((other) => isSame(one, other)) === at)
}
