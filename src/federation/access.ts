/** Temporary credentials of an assumed role. They leave the server only inside signatures. */
export interface Access {
  accessKeyId: string
  secretAccessKey: string
  sessionToken: string
  /** Milliseconds since the epoch, by our clock. */
  issuedAt: number
  /** Milliseconds since the epoch, by AWS's. */
  expiresAt: number
  /** ARN of the role that was asked for. */
  roleArn: string
  /** ARN of the role session, as CloudTrail shows it. */
  assumedRoleArn: string
  roleSessionName: string
  /** Whom the web identity token was issued to, as STS read it; `undefined` where it does not tell. */
  audience?: string | undefined
  /** Id of the exchange, by which CloudTrail and AWS Support find it. */
  awsRequestId?: string | undefined
}

const plural = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? '' : 's'}`

/** A length of time in words, to the minute: `1 hour 5 minutes`. */
export function inWords(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000)
  if (minutes < 1) return 'less than a minute'
  const hours = Math.floor(minutes / 60)
  const parts = [
    hours > 0 ? plural(hours, 'hour') : '',
    minutes % 60 > 0 ? plural(minutes % 60, 'minute') : '',
  ]
  return parts.filter(Boolean).join(' ')
}
