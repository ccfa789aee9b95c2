import type { Config } from '../config.ts'
import type { TrustEvidence } from './trust-policy.ts'

const allow = (action: string, resource: string | string[]) => ({
  Effect: 'Allow',
  Action: action,
  Resource: resource,
})

/**
 * The permission policy that a role needs for the pages of this application: to paste, in JSON. It names the buckets that
 * the configuration names, all where it names none, and of a person's own folder says with IAM's variable whose it is.
 * @see "IAM policy elements: Variables and tags", AWS IAM user guide
 */
export function permissionPolicyFor(
  roleArn: string,
  providerId: string,
  { subjectKey }: Pick<TrustEvidence, 'subjectKey'>,
  { presetBuckets, home }: Config['s3'],
): string {
  const [, partition = 'aws'] = roleArn.split(':')
  const arn = (path: string) => `arn:${partition}:s3:::${path}`
  const shared = presetBuckets.length > 0 || home ? presetBuckets : ['*']
  const values: Record<string, string> = { provider: providerId, subject: `\${${subjectKey}}` }
  const own = home?.prefix.replace(/\$\{(provider|subject)\}/g, (_, name: string) => values[name] ?? '')
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      allow('s3:ListAllMyBuckets', '*'),
      ...(shared.length > 0
        ? [
            allow('s3:ListBucket', shared.map(arn)),
            allow(
              's3:GetObject',
              shared.map((bucket) => arn(`${bucket}/*`)),
            ),
          ]
        : []),
      ...(home
        ? [
            {
              ...allow('s3:ListBucket', arn(home.bucket)),
              Condition: { StringLike: { 's3:prefix': `${own}*` } },
            },
            allow('s3:GetObject', arn(`${home.bucket}/${own}*`)),
          ]
        : []),
    ],
  })
}
