import { AwsError } from './aws-error.ts'

/** What one parameter of an STS call must satisfy. Lengths in characters, values inclusive. */
interface Constraint {
  required?: true
  length?: readonly [least: number, most: number]
  value?: readonly [least: number, most: number]
  pattern?: RegExp
  /** Its value is never repeated in a message. */
  sensitive?: true
}

/** @see "AssumeRoleWithWebIdentity", AWS Security Token Service API reference */
const CONSTRAINTS: Record<string, Constraint> = {
  RoleArn: { required: true, length: [20, 2048] },
  RoleSessionName: { required: true, length: [2, 64], pattern: /^[\w+=,.@-]*$/ },
  WebIdentityToken: { required: true, length: [4, 20000], sensitive: true },
  ProviderId: { length: [4, 2048] },
  Policy: { length: [1, 2048] },
  DurationSeconds: { pattern: /^\d+$/, value: [900, 43200] },
}

const PROVIDER_IDS = ['www.amazon.com', 'graph.facebook.com']

export interface AssumeRoleParameters {
  roleArn: string
  roleSessionName: string
  webIdentityToken: string
  /** `undefined`: the token is an OpenID Connect ID token. */
  providerId: string | undefined
  policy: string | undefined
  durationSeconds: number
}

/**
 * Checks the parameters of AssumeRoleWithWebIdentity and reports everything wrong at once, as AWS does.
 *
 * @throws AwsError `ValidationError`, `InvalidParameterValue`
 */
export function readAssumeRoleParameters(sent: Record<string, string>): AssumeRoleParameters {
  const problems = Object.entries(CONSTRAINTS).flatMap(([name, constraint]) =>
    violations(sent[name], constraint).map((violation) => {
      const shown = constraint.sensitive ? 'sensitiveInformation' : sent[name]
      const value = sent[name] === undefined ? 'null' : `'${shown}'`
      const member = `${name.charAt(0).toLowerCase()}${name.slice(1)}`
      return `Value ${value} at '${member}' failed to satisfy constraint: ${violation}`
    }),
  )
  if (problems.length > 0) {
    const errors = problems.length === 1 ? 'error' : 'errors'
    throw validationError(`${problems.length} validation ${errors} detected: ${problems.join('; ')}`)
  }
  const {
    RoleArn = '',
    RoleSessionName = '',
    WebIdentityToken = '',
    ProviderId,
    Policy,
    DurationSeconds,
  } = sent
  if (ProviderId && !PROVIDER_IDS.includes(ProviderId)) {
    throw new AwsError(400, 'InvalidParameterValue', `Unsupported ProviderId: ${ProviderId}`)
  }
  if (Object.keys(sent).some((name) => name.startsWith('PolicyArns.'))) {
    throw validationError('There are no managed policies here: PolicyArns cannot be used')
  }
  return {
    roleArn: RoleArn,
    roleSessionName: RoleSessionName,
    webIdentityToken: WebIdentityToken,
    providerId: ProviderId,
    policy: Policy,
    durationSeconds: Number(DurationSeconds ?? 3600),
  }
}

/** A parameter that is not what AWS allows. */
export const validationError = (message: string): AwsError => new AwsError(400, 'ValidationError', message)

function violations(value: string | undefined, constraint: Constraint): string[] {
  if (value === undefined) return constraint.required ? ['Member must not be null'] : []
  const { pattern } = constraint
  return [
    ...(pattern && !pattern.test(value)
      ? [`Member must satisfy regular expression pattern: ${pattern.source.slice(1, -1)}`]
      : []),
    ...outOfRange([...value].length, constraint.length, 'have length'),
    ...outOfRange(Number(value), constraint.value, 'have value'),
  ]
}

function outOfRange(actual: number, range: Constraint['length'], what: string): string[] {
  if (!range) return []
  if (actual < range[0]) return [`Member must ${what} greater than or equal to ${range[0]}`]
  if (actual > range[1]) return [`Member must ${what} less than or equal to ${range[1]}`]
  return []
}
