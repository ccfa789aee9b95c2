/** What a call needs to be allowed to do. */
export interface Attempt {
  /** IAM action: `s3:ListBucket`. */
  action: string
  /** ARN, or `*`. */
  resource: string
  /** Of a listing: the prefix that was asked for. */
  prefix?: string
}

/** What S3 said no to, as far as its message tells. */
export interface Denial {
  action: string
  resource: string
  /** Which policy said no, in words: `no session policy allows it`. */
  because: string | undefined
  /** The role was not even asked: the policy that narrows this one session has no such right. */
  bySession: boolean
  /** JSON of the smallest statement that allows it; `undefined` where a statement that denies must go instead. */
  statement: string | undefined
}

const action = /is not authorized to perform: ([\w-]+:\w+)/
const resource = /on resource: "?(arn:[^"]+?)"?(?= because | with an |$)/
const silence = /because no ([a-z -]+?) allows/
const refusal = /with an explicit deny(?: in (an? [a-z -]+?(?:policy|boundary)))?/

/** In a policy, these stand for more than themselves. */
const literally = (text: string): string => text.replace(/[*?$]/g, (character) => `\${${character}}`)

function smallestStatement({ action, resource, prefix }: Attempt): string {
  const [arn, key] = resource.split(/\/(.*)/s)
  const statement = {
    Effect: 'Allow',
    Action: action,
    Resource: key === undefined ? resource : `${arn}/${literally(key)}`,
    ...(prefix && { Condition: { StringLike: { 's3:prefix': `${literally(prefix)}*` } } }),
  }
  return JSON.stringify(statement, null, 2)
}

function reason(message: string): string | undefined {
  const [, silent] = silence.exec(message) ?? []
  if (silent) return `no ${silent} allows it`
  const denied = refusal.exec(message)
  return denied ? `${denied[1] ? `a statement of ${denied[1]}` : 'a statement'} denies it` : undefined
}

/**
 * Reads S3's words for AccessDenied; where it says nothing, what was attempted is what was denied.
 * @see "Troubleshoot access denied error messages", AWS IAM user guide
 */
export function readDenial(message: string, attempt: Attempt): Denial {
  const [, denied = attempt.action] = action.exec(message) ?? []
  const same = denied === attempt.action
  const [, what = same ? attempt.resource : '*'] = resource.exec(message) ?? []
  const needed = same ? attempt : { action: denied, resource: what }
  // Whoever may name a file would else speak as S3.
  const words = message.replaceAll(attempt.resource, '')
  return {
    action: denied,
    resource: needed.resource,
    because: reason(words),
    bySession: /\b(no|a) session policy\b/.test(words),
    statement: refusal.test(words) ? undefined : smallestStatement(needed),
  }
}
