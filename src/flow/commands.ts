/** What the commands are about. */
export interface CommandSituation {
  region: string
  stsEndpoint: string | undefined
  s3Endpoint: string | undefined
  roleArn: string
  roleSessionName: string
  /** `undefined` for OpenID Connect. */
  stsProviderId: string | undefined
  roleSessionSeconds: number
  sessionPolicy: string | undefined
}

/** A word of a POSIX shell, whatever is in it. */
const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

const option = (name: string, value: string | undefined): string[] =>
  value === undefined ? [] : [`${name}${value.startsWith('-') ? '=' : ' '}${quoted(value)}`]

const command = (...parts: string[]): string => parts.join(' \\\n    ')

/**
 * The exchange of a sign-in as commands of the AWS CLI, for a POSIX shell. The token is not in them: it is taken from
 * the environment variable WEB_IDENTITY_TOKEN.
 */
export function awsCommands(situation: CommandSituation): string {
  const { region, stsEndpoint, s3Endpoint, roleArn, roleSessionName, stsProviderId } = situation
  const assumeRole = command(
    'aws sts assume-role-with-web-identity',
    ...option('--region', region),
    ...option('--endpoint-url', stsEndpoint),
    ...option('--role-arn', roleArn),
    ...option('--role-session-name', roleSessionName),
    ...option('--provider-id', stsProviderId),
    '--web-identity-token "$WEB_IDENTITY_TOKEN"',
    ...option('--duration-seconds', String(situation.roleSessionSeconds)),
    ...option('--policy', situation.sessionPolicy),
    "--query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text",
  )
  const listBuckets = command(
    'aws s3api list-buckets',
    ...option('--region', region),
    ...option('--endpoint-url', s3Endpoint),
  )
  return `read -r AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN <<END
$(${assumeRole})
END
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN

${listBuckets}
`
}

/** Where CloudTrail is asked, and for whom. */
export interface TrailSituation {
  region: string
  accessKeyId: string
  roleSessionName: string
  /** Of the AssumeRoleWithWebIdentity call; `undefined` where it is not known. */
  stsRequestId: string | undefined
  /** Milliseconds since the epoch. */
  startedAt: number
}

const lookup = (region: string, attribute: string, value: string, ...more: string[]): string =>
  command(
    'aws cloudtrail lookup-events',
    ...option('--region', region),
    `--lookup-attributes ${quoted(`AttributeKey=${attribute},AttributeValue=${value}`)}`,
    ...more,
  )

const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`

/**
 * What finds this session in CloudTrail: its calls by access key, everything under the same name, and the call to STS,
 * which is not signed and so has no access key, by its request id.
 * @see LookupEvents and "CloudTrail userIdentity element", AWS CloudTrail documentation
 */
export function trailQueries({
  region,
  accessKeyId,
  roleSessionName,
  stsRequestId,
  startedAt,
}: TrailSituation) {
  const time = (offsetMinutes: number) =>
    new Date(startedAt + offsetMinutes * 60_000).toISOString().replace(/\.\d+/, '')
  // It stands in a command that somebody will run.
  const requestId = /^[\w-]+$/.test(stsRequestId ?? '') ? stsRequestId : undefined
  const conditions = [
    `useridentity.accesskeyid = ${sqlText(accessKeyId)}`,
    ...(requestId === undefined ? [] : [`requestid = ${sqlText(requestId)}`]),
  ]
  return {
    byAccessKey: lookup(region, 'AccessKeyId', accessKeyId),
    byName: lookup(region, 'Username', roleSessionName),
    ofExchange:
      requestId &&
      lookup(
        region,
        'EventName',
        'AssumeRoleWithWebIdentity',
        `--start-time ${time(-5)} --end-time ${time(15)}`,
        `--query "Events[?contains(CloudTrailEvent, '${requestId}')].CloudTrailEvent"`,
      ),
    sql: `SELECT eventtime, eventsource, eventname, errorcode, awsregion, requestid
FROM cloudtrail_logs
WHERE (${conditions.join('\n    OR ')})
  AND eventtime >= ${sqlText(time(-5))}
ORDER BY eventtime`,
  }
}
