const allow = (action: string, resource: string | string[]) => ({
  Effect: 'Allow',
  Action: action,
  Resource: resource,
})

/** What a role is to open. */
export interface Readable {
  /** Names of buckets; none and no home: all there are. */
  buckets: readonly string[]
  /** Everybody's own folder, with IAM's variable where the person's id stands; `undefined`: there is none. */
  home: { bucket: string; prefix: string } | undefined
}

/**
 * The permission policy that a role needs for the pages of this application: to paste, in JSON.
 * @see "IAM policy elements: Variables and tags", AWS IAM user guide
 */
export function permissionPolicyFor(roleArn: string, { buckets, home }: Readable): string {
  const [, partition = 'aws'] = roleArn.split(':')
  const arn = (path: string) => `arn:${partition}:s3:::${path}`
  const shared = buckets.length > 0 || home ? buckets : ['*']
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
              Condition: { StringLike: { 's3:prefix': `${home.prefix}*` } },
            },
            allow('s3:GetObject', arn(`${home.bucket}/${home.prefix}*`)),
          ]
        : []),
    ],
  })
}
