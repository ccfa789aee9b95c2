import * as v from 'valibot'
import type { Config, ProviderSettings } from '../config.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import { trustOf } from './registration.ts'

const subject = 'trust policy'
const action = 'sts:AssumeRoleWithWebIdentity'
const replace = 'Replace the policy with the one that this report gives for the provider.'

/** IAM takes numbers and booleans for their text. */
const word = v.pipe(v.union([v.string(), v.number(), v.boolean()]), v.transform(String))
const texts = v.pipe(
  v.union([word, v.array(word)]),
  v.transform((value) => [value].flat()),
)
const conditions = v.record(v.string(), v.record(v.string(), texts))
const statement = v.object({
  Effect: v.picklist(['Allow', 'Deny']),
  Principal: v.optional(v.union([v.string(), v.record(v.string(), texts)])),
  NotPrincipal: v.optional(v.unknown()),
  Action: v.optional(texts),
  NotAction: v.optional(v.unknown()),
  Condition: v.optional(conditions),
})
const document = v.object({
  Version: v.optional(v.string()),
  Statement: v.pipe(
    v.union([statement, v.array(statement)]),
    v.transform((value) => [value].flat()),
  ),
})
type Statement = v.InferOutput<typeof statement>

/** What a trust policy must say of one identity provider. */
interface Expectation {
  federated: RegExp
  /** Lower-case, since IAM compares names of keys so. */
  conditionKey: string
  /** `undefined`: not known to us. */
  value: string | undefined
  settings: ProviderSettings | undefined
}

const asPattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')

function expectationFor(settings: ProviderSettings): Expectation {
  const { federated, conditionKey, conditionValue } = trustOf(settings)
  const isArn = federated.startsWith('oidc-provider/')
  return {
    federated: new RegExp(`^${isArn ? 'arn:aws[a-z-]*:iam::(\\d{12})?:' : ''}${asPattern(federated)}$`),
    conditionKey: conditionKey.toLowerCase(),
    value: conditionValue.startsWith('<') ? undefined : conditionValue,
    settings,
  }
}

/** Principals that IAM knows by name, for a policy whose provider is not configured here. */
const wellKnown: Expectation[] = [
  { federated: /^www\.amazon\.com$/, conditionKey: 'www.amazon.com:app_id' },
  { federated: /^graph\.facebook\.com$/, conditionKey: 'graph.facebook.com:app_id' },
  { federated: /^accounts\.google\.com$/, conditionKey: 'accounts.google.com:aud' },
].map((one) => ({ ...one, value: undefined, settings: undefined }))

function checkPrincipal({ Principal, NotPrincipal }: Statement): Finding[] {
  if (NotPrincipal !== undefined) {
    return [fail(subject, 'has NotPrincipal: it trusts everybody but those', replace)]
  }
  const everybody =
    Principal === '*' ||
    (typeof Principal === 'object' && Object.values(Principal).some((names) => names.includes('*')))
  if (everybody) return [fail(subject, 'trusts everybody: its principal is *', replace)]
  const federated = typeof Principal === 'object' ? (Principal.Federated ?? []) : []
  if (federated.length === 0) {
    return [fail(subject, 'names no identity provider: Principal.Federated is missing', replace)]
  }
  return federated.length > 1
    ? [fail(subject, `names several providers: ${federated.join(', ')}`, 'Make one role for each.')]
    : []
}

/** Whether a condition of this operator also holds where the token says something else, or nothing. */
function looseness(operator: string): string | undefined {
  if (/ifexists$/i.test(operator)) return 'holds where the token does not say it'
  if (/^forallvalues:/i.test(operator)) return 'holds where the token has no value at all'
  if (/not|^null$/i.test(operator)) return 'says only what a token must not be'
  return undefined
}

function checkValues(operator: string, values: string[], { value, settings }: Expectation): Finding[] {
  const like = /like$/i.test(operator)
  if (like && values.some((one) => /[*?]/.test(one))) {
    return [fail(subject, `has a wildcard in ${operator}: other applications fit as well`, replace)]
  }
  if (values.some((one) => one.includes('<'))) {
    return [fail(subject, 'still has a placeholder', 'Put the value there that it describes.')]
  }
  if (values.some((one) => one.startsWith('amzn1.application-oa2-client.'))) {
    return [
      fail(
        subject,
        'has the Client ID where the App ID belongs',
        'Put the App ID there: amzn1.application.…, from the same page of the security profile.',
      ),
    ]
  }
  if (value !== undefined && !values.includes(value)) {
    const variable = `${settings?.id.toUpperCase()}_APP_ID`
    return [fail(subject, `names another application than ${variable}: ${values.join(', ')}`, replace)]
  }
  if (values.length > 1) {
    return [
      warn(subject, `lets ${values.length} applications in: ${values.join(', ')}`, 'Keep only your own.'),
    ]
  }
  return /^ForAnyValue:/i.test(operator)
    ? [warn(subject, `uses ${operator} for a single value`, 'StringEquals says it plainly.')]
    : []
}

function checkCondition({ Condition = {} }: Statement, expected: Expectation): Finding[] {
  const all = Object.entries(Condition).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => ({ operator, key: key.toLowerCase(), values })),
  )
  const about = all.filter(({ key }) => key === expected.conditionKey)
  const firm = about.find(({ operator }) => looseness(operator) === undefined)
  if (firm) return checkValues(firm.operator, firm.values, expected)
  const [loose] = about
  if (loose) {
    return [fail(subject, `has a condition that ${looseness(loose.operator)}: ${loose.operator}`, replace)]
  }
  const others = all.length > 0 ? ` (it has ${all.map(({ key }) => key).join(', ')})` : ''
  return [
    fail(
      subject,
      `has no condition on ${expected.conditionKey}: anybody's application could assume the role${others}`,
      replace,
    ),
  ]
}

function checkStatement(one: Statement, expectations: Expectation[]): Finding[] {
  const wrong = checkPrincipal(one)
  if (wrong.length > 0) return wrong
  const [federated = ''] = typeof one.Principal === 'object' ? (one.Principal.Federated ?? []) : []
  const expected = expectations.find((each) => each.federated.test(federated))
  if (!expected) {
    const known = expectations.filter(({ settings }) => settings).map(({ settings }) => settings?.id)
    return [
      fail(
        subject,
        `trusts ${federated}, which is none of the providers that are on`,
        `On: ${known.join(', ')}.`,
      ),
    ]
  }
  const [, account] = /^arn:[^:]*:iam::(\d{12}):/.exec(federated) ?? []
  const own = expected.settings?.roleArn.split(':')[4]
  if (account && own && account !== own) {
    return [
      fail(
        subject,
        `trusts a provider of the account ${account}, and the role is in ${own}`,
        'Register the issuer with IAM in the account of the role, and name that one.',
      ),
    ]
  }
  const unused = expected.settings
    ? []
    : [warn(subject, `trusts ${federated}, which is off here`, 'Configure it, or take the role away.')]
  const findings = [...unused, ...checkCondition(one, expected)]
  return findings.length > 0 ? findings : [ok(subject, `trusts ${federated}, for this application only`)]
}

/** The policy in what the AWS CLI and other tools print: the document, the whole role, or URL-encoded. */
function documentIn(text: string): unknown {
  const encoded = text.trim().replace(/^"(.*)"$/, '$1')
  const json = JSON.parse(/^%7B/i.test(encoded) ? decodeURIComponent(encoded) : text)
  return json?.Role?.AssumeRolePolicyDocument ?? json?.AssumeRolePolicyDocument ?? json
}

const covers = (pattern: string): boolean =>
  new RegExp(`^${pattern.split('*').map(asPattern).join('.*')}$`, 'i').test(action)

/**
 * What is wrong with a role's trust policy, as somebody pasted it.
 * @see "IAM and AWS STS condition context keys", AWS IAM user guide
 */
export function lintTrustPolicy(text: string, { providers }: Config): Finding[] {
  let json: unknown
  try {
    json = documentIn(text)
  } catch {
    return [fail(subject, 'is not JSON', 'Paste the whole document, from { to }.')]
  }
  const parsed = v.safeParse(document, json)
  if (!parsed.success) {
    const [issue] = parsed.issues
    return [fail(subject, `is no policy: ${v.getDotPath(issue) ?? ''} ${issue.message}`, replace)]
  }
  const { Version, Statement } = parsed.output
  const allowing = Statement.filter(({ Effect }) => Effect === 'Allow')
  const relevant = allowing.filter(
    ({ Action = [], NotAction }) => NotAction !== undefined || Action.some(covers),
  )
  if (relevant.length === 0) {
    return [fail(subject, `does not allow ${action}`, `Its Action must be ${action}, no other.`)]
  }
  const broad = relevant.some(
    ({ Action = [] }) => Action.some((one) => one.includes('*')) || Action.length === 0,
  )
  const principals = new Set(relevant.map(({ Principal }) => JSON.stringify(Principal)))
  const expectations = [...providers.map(expectationFor), ...wellKnown]
  return [
    ...(Version === '2012-10-17'
      ? []
      : [
          warn(
            subject,
            'is not of the version 2012-10-17: variables do not work',
            'Set "Version": "2012-10-17".',
          ),
        ]),
    ...(broad ? [warn(subject, 'allows more actions than needed', `Its Action must be ${action}.`)] : []),
    ...(principals.size > 1
      ? [warn(subject, 'has statements for several principals', 'Make one role for each provider.')]
      : []),
    ...relevant.flatMap((one) => checkStatement(one, expectations)),
  ]
}
