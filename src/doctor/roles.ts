import { type Environment, providerPrefixes, valueIn } from '../config.ts'
import { type Finding, fail, warn } from './finding.ts'
import type { Situation } from './situation.ts'

/** The account of AWS's own examples. */
const exampleAccount = '123456789012'
const partitions = [
  'aws',
  'aws-cn',
  'aws-us-gov',
  'aws-eusc',
  'aws-iso',
  'aws-iso-b',
  'aws-iso-e',
  'aws-iso-f',
]

/** What stands in place of a role's ARN, and what to do; `undefined` where the form is right. */
function slipIn(value: string): [finding: string, mend: string] | undefined {
  if (/^[A-Z0-9_]+=/.test(value)) return ['holds its own name too', 'Put there only what follows the =.']
  if (!value.includes(':')) {
    return ['is no ARN', 'Look it up: aws iam get-role --query Role.Arn --role-name NAME']
  }
  const [, partition = '', , , account = '', ...rest] = value.split(':')
  const kind = rest.join(':').split('/', 1)[0] ?? ''
  if (/^[a-z-]+$/.test(kind) && kind !== 'role') {
    return [
      `is the ARN of a thing called ${kind}, not of a role`,
      'Put the ARN of the role there: …:role/NAME',
    ]
  }
  if (!partitions.includes(partition)) {
    return [`begins with arn:${partition}:, and there is no such partition of AWS`, 'It is mostly arn:aws:']
  }
  return account === '' || /^\d{12}$/.test(account)
    ? undefined
    : ['has an account number that is not twelve digits', 'aws sts get-caller-identity --query Account']
}

/** Roles that somebody named, by their form; also of providers that are off over it. */
const checkForm = (env: Environment): Finding[] =>
  providerPrefixes(env).flatMap((prefix) => {
    const variable = `${prefix}_ROLE_ARN`
    const value = valueIn(env, variable)
    // What is in quotation marks is named for that already.
    const slip = value === undefined || /^["']/.test(value) ? undefined : slipIn(value)
    return slip ? [fail(variable, ...slip)] : []
  })

const partitionOf = (region: string): string => {
  if (region.startsWith('cn-')) return 'aws-cn'
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
}

function checkMeaning({ config: { providers, aws } }: Situation): Finding[] {
  const isAws = aws.stsEndpoint === undefined
  return providers.flatMap(({ id, roleArn }, at) => {
    const variable = `${id.toUpperCase()}_ROLE_ARN`
    const [, partition = '', , , account = '', role = ''] = roleArn.split(':')
    const findings: Finding[] = []
    const say = (...finding: Parameters<typeof fail>) => findings.push(fail(...finding))
    const doubt = (...finding: Parameters<typeof warn>) => findings.push(warn(...finding))

    const first = providers.slice(0, at).find((one) => one.roleArn === roleArn)
    if (first) {
      const other = `${first.id.toUpperCase()}_ROLE_ARN`
      const mend = 'Make one role for each provider: infra/federation-roles.yaml.'
      doubt(variable, `is the same role as ${other}`, mend)
    }
    const named = ['amazon', 'google', 'facebook'].filter((name) => role.toLowerCase().includes(name))
    if (named.length > 0 && !named.includes(id)) {
      const mend = `Make sure that this role trusts ${id}, or copy the ARN again.`
      doubt(variable, `names a role that is called after ${named.join(' and ')}`, mend)
    }
    if (/^role\/(aws-service-role\/|aws-elasticbeanstalk-|.*-(ec2|service)-?(role)?$)/.test(role)) {
      const mend = 'Put a role there that trusts the provider: infra/federation-roles.yaml.'
      doubt(variable, 'names a role that is called like those of the machines, not of people', mend)
    }
    if (!isAws) return findings

    const askAccount = 'Put your own there: `aws sts get-caller-identity --query Account`.'
    if (account === '') say(variable, 'has no account number', askAccount)
    if (account === exampleAccount) {
      say(variable, `has the account number of AWS's examples, ${exampleAccount}`, askAccount)
    }
    const [{ id: firstId, roleArn: firstArn } = { id: '', roleArn: '' }] = providers
    const firstAccount = firstArn.split(':')[4]
    const areReal = ![account, firstAccount].some((one) => !one || one === exampleAccount)
    if (areReal && account !== firstAccount) {
      const other = `${firstId.toUpperCase()}_ROLE_ARN`
      const mend =
        'Right where people of each provider have buckets of their own account; else copy it again.'
      doubt(variable, `is in another account than ${other}`, mend)
    }
    const expected = partitionOf(aws.region)
    if (partitions.includes(partition) && partition !== expected) {
      const finding = `is a role of the partition ${partition}, and AWS_REGION is in ${expected}`
      say(variable, finding, 'Roles and region must be of the same partition.')
    }
    return findings
  })
}

/** The roles of the providers, by what their ARNs give away. */
export const checkRoles = (situation: Situation): Finding[] => [
  ...checkForm(situation.env),
  ...checkMeaning(situation),
]
