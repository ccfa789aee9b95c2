import { type Finding, fail, warn } from './finding.ts'
import type { Situation } from './situation.ts'

/** The account of AWS's own examples. */
const exampleAccount = '123456789012'

/** The roles of the providers that are on, by what their ARNs give away. */
export function checkRoles({ config }: Situation): Finding[] {
  const { providers, aws } = config
  const partition = aws.region.startsWith('cn-')
    ? 'aws-cn'
    : aws.region.startsWith('us-gov-')
      ? 'aws-us-gov'
      : 'aws'
  return providers.flatMap(({ id, roleArn }, at) => {
    const variable = `${id.toUpperCase()}_ROLE_ARN`
    const [, ownPartition = '', , , account = '', role = ''] = roleArn.split(':')
    const findings: Finding[] = []
    const first = providers.slice(0, at).find((one) => one.roleArn === roleArn)
    if (first) {
      const other = `${first.id.toUpperCase()}_ROLE_ARN`
      findings.push(
        warn(
          variable,
          `is the same role as ${other}`,
          'Make one role for each provider: infra/federation-roles.yaml.',
        ),
      )
    }
    const named = ['amazon', 'google', 'facebook'].filter((name) => role.toLowerCase().includes(name))
    if (named.length > 0 && !named.includes(id)) {
      findings.push(
        warn(
          variable,
          `names a role that is called after ${named.join(' and ')}`,
          `Make sure that this role trusts ${id}, or copy the ARN again.`,
        ),
      )
    }
    if (account === exampleAccount && aws.stsEndpoint === undefined) {
      findings.push(
        fail(
          variable,
          `has the account number of AWS's examples, ${exampleAccount}`,
          'Put your own there: `aws sts get-caller-identity --query Account`.',
        ),
      )
    }
    if (ownPartition !== partition && aws.stsEndpoint === undefined) {
      findings.push(
        fail(
          variable,
          `is a role of the partition ${ownPartition}, and AWS_REGION is in ${partition}`,
          'Roles and region must be of the same partition.',
        ),
      )
    }
    return findings
  })
}
