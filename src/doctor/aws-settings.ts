import { isLoopback, valueIn } from '../config.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import type { Situation } from './situation.ts'

/** The longest session in seconds of a role whose MaxSessionDuration nobody has set. */
const defaultMaximumSeconds = 3600

function checkRegion({ config, env, refused }: Situation): Finding[] {
  if (refused.some(({ variable }) => variable === 'AWS_REGION')) return []
  const { region } = config.aws
  const zone = /^(.*-\d)[a-z]$/.exec(region)
  if (zone) return [fail('AWS_REGION', 'is an availability zone, not a region', `Set AWS_REGION=${zone[1]}.`)]
  const isOfAws = config.aws.stsEndpoint === undefined
  if (
    isOfAws &&
    !/^[a-z]{2,4}(-[a-z]+)*-(north|south|east|west|central|(north|south)(east|west))-\d{1,2}$/.test(region)
  ) {
    return [
      fail(
        'AWS_REGION',
        'is no region of AWS',
        'Its code, as in the address bar of the AWS console: eu-west-1.',
      ),
    ]
  }
  if (valueIn(env, 'AWS_REGION') !== undefined) return [ok('AWS_REGION', `is ${config.aws.region}`)]
  if (valueIn(env, 'AWS_DEFAULT_REGION') !== undefined) {
    return [
      warn(
        'AWS_DEFAULT_REGION',
        'is read by the AWS CLI only: this application takes AWS_REGION, and else us-east-1',
        'Set AWS_REGION to the same.',
      ),
    ]
  }
  return config.providers.length > 0
    ? [warn('AWS_REGION', 'is not set: us-east-1 is used', 'Set it to the region of your buckets.')]
    : []
}

function checkEndpoints({ config, env }: Situation): Finding[] {
  const { stsEndpoint, s3Endpoint, region } = config.aws
  const findings: Finding[] = []
  for (const [variable, endpoint] of [
    ['AWS_ENDPOINT_URL_STS', stsEndpoint],
    ['AWS_ENDPOINT_URL_S3', s3Endpoint],
  ] as const) {
    const host = URL.parse(endpoint ?? '')?.hostname ?? ''
    if (env.NODE_ENV === 'production' && isLoopback(host)) {
      findings.push(warn(variable, 'is a stand-in on this machine, in production', 'Take it away.'))
    }
    const [, bucket, service] = /^(?:(.+)\.)?(sts|s3)[.-].*\.amazonaws\.com/.exec(host) ?? []
    if (service !== undefined && !variable.toLowerCase().endsWith(service)) {
      findings.push(
        fail(variable, `is the endpoint of ${service.toUpperCase()}`, `Take it away: the region is enough.`),
      )
    } else if (bucket !== undefined) {
      findings.push(
        fail(
          variable,
          'names a bucket, which would be in every address twice',
          'Take it away: the region is enough.',
        ),
      )
    }
    const named = /^(?:sts|s3)\.([a-z0-9-]+)\.amazonaws\.com/.exec(host)?.[1]
    if (named !== undefined && named !== region) {
      findings.push(
        fail(
          variable,
          `is in ${named}, and AWS_REGION is ${region}`,
          `Take ${variable} away: the region is enough.`,
        ),
      )
    }
  }
  if (valueIn(env, 'AWS_ENDPOINT_URL') !== undefined) {
    findings.push(
      warn(
        'AWS_ENDPOINT_URL',
        'is where the AWS SDK sends all calls that have no endpoint of their own, DynamoDB among them',
        'Use AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL_S3, or take it away.',
      ),
    )
  }
  return findings
}

const listOf = (value: unknown): string[] => [value].flat().filter((one) => typeof one === 'string')

/** Whether an inline policy lets the list of buckets through, as far as Action and Resource tell. */
function allowsListing(policy: string): boolean {
  const { Statement } = JSON.parse(policy) as {
    Statement: Record<string, unknown> | Record<string, unknown>[]
  }
  return [Statement]
    .flat()
    .some(
      ({ Effect, Action, NotAction, Resource, NotResource }) =>
        Effect === 'Allow' &&
        (NotAction !== undefined ||
          listOf(Action).some((one) => /^(\*|s3:(\*|list\*|listall\*|listallmybuckets))$/i.test(one))) &&
        (NotResource !== undefined ||
          listOf(Resource).some((one) => /^(\*|arn:aws[a-z-]*:s3:::\*)$/.test(one))),
    )
}

function checkRoleSession({ config }: Situation): Finding[] {
  const { roleSessionSeconds, sessionPolicy, stsEndpoint } = config.aws
  const { presetBuckets } = config.s3
  const findings: Finding[] = []
  if (roleSessionSeconds > defaultMaximumSeconds) {
    findings.push(
      warn(
        'ROLE_SESSION_SECONDS',
        `is ${roleSessionSeconds}, above the ${defaultMaximumSeconds} of a role that nobody changed: STS refuses, it does not shorten`,
        'Give every role a MaxSessionDuration of at least that (MaxSessionDuration of infra/federation-roles.yaml).',
      ),
    )
  }
  if (sessionPolicy !== undefined && !allowsListing(sessionPolicy) && presetBuckets.length === 0) {
    findings.push(
      warn(
        'SESSION_POLICY',
        'does not allow s3:ListAllMyBuckets: the first page that people see is a refusal',
        'Allow it on the resource *, or name buckets in S3_BUCKETS.',
      ),
    )
  }
  if (sessionPolicy === undefined && stsEndpoint === undefined) {
    findings.push(
      warn(
        'SESSION_POLICY',
        'is none: whoever signs in can do all that the role can',
        'Take it away, but for stores that refuse a session policy.',
      ),
    )
  }
  return findings
}

/** What STS and S3 will be asked, and where. */
export const checkAwsSettings = (situation: Situation): Finding[] =>
  [checkRegion, checkEndpoints, checkRoleSession].flatMap((check) => check(situation))
