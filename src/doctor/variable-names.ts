import { providerPrefixes, valueIn } from '../config.ts'
import { distance } from './edit-distance.ts'
import { type Finding, fail, warn } from './finding.ts'
import type { Situation } from './situation.ts'

/** Every variable that is not a provider's. */
const general = [
  'AWS_ENDPOINT_URL_S3',
  'AWS_ENDPOINT_URL_STS',
  'AWS_REGION',
  'FLOW_DETAILS',
  'LOG_LEVEL',
  'METRICS_PORT',
  'NODE_ENV',
  'PORT',
  'PUBLIC_URL',
  'RATE_LIMIT',
  'ROLE_SESSION_NAME',
  'ROLE_SESSION_SECONDS',
  'S3_BUCKETS',
  'S3_HOME',
  'SESSION_IDLE_SECONDS',
  'SESSION_LIFETIME_SECONDS',
  'SESSION_POLICY',
  'SESSION_SECRET',
  'SESSION_STORE',
  'TRUST_PROXY',
]
const ofOneProvider = [
  'AMAZON_API_URL',
  'AMAZON_AUTHORIZE_URL',
  'AMAZON_GRANT',
  'FACEBOOK_DIALOG_URL',
  'FACEBOOK_GRAPH_URL',
]
const ofEachProvider = ['APP_ID', 'APP_SECRET', 'ICON', 'ISSUER', 'LABEL', 'ROLE_ARN', 'SCOPE']

/** What others call the same thing. */
const otherNames = new Map([
  ['CLIENT_ID', 'APP_ID'],
  ['CLIENTID', 'APP_ID'],
  ['ID', 'APP_ID'],
  ['CLIENT_SECRET', 'APP_SECRET'],
  ['SECRET', 'APP_SECRET'],
  ['ROLE', 'ROLE_ARN'],
  ['ISSUER_URL', 'ISSUER'],
  ['SCOPES', 'SCOPE'],
])

/** The same for whole names, and for what they begin with. */
const otherWholeNames = new Map([
  ['BASE_URL', 'PUBLIC_URL'],
  ['FLASK_SECRET_KEY', 'SESSION_SECRET'],
  ['REDIS_URL', 'SESSION_STORE'],
  ['REGION', 'AWS_REGION'],
  ['SECRET_KEY', 'SESSION_SECRET'],
])
const otherPrefixes = new Map([
  ['FB', 'FACEBOOK'],
  ['LWA', 'AMAZON'],
  ['META', 'FACEBOOK'],
])

/** In a short name, two letters make another word. */
const nearby = (name: string): number => (name.length < 8 ? 1 : 2)

const splitName = new RegExp(`^([A-Z0-9_]+?)_(${[...otherNames.keys(), ...ofEachProvider].join('|')})$`)

/** What only a provider has; AWS's own SDK reads AWS_ROLE_ARN. */
const ofSomeProvider = /^(?!AWS_)\w+_(ISSUER|ISSUER_URL|ROLE_ARN)$/i

function meantBy(name: string, ours: readonly string[]): string | undefined {
  const whole = otherWholeNames.get(name)
  if (whole) return whole
  const [, prefix = '', suffix = ''] = splitName.exec(name) ?? []
  const named = `${otherPrefixes.get(prefix) ?? prefix}_${otherNames.get(suffix) ?? suffix}`
  if (name !== named && ours.includes(named)) return named
  return ours.find((one) => {
    const mayBe = one !== name && Math.abs(one.length - name.length) <= nearby(one)
    return mayBe && distance(name.toUpperCase(), one) <= nearby(one)
  })
}

/** Variables that nobody reads but somebody set, and values that are there without being meant. */
export function checkVariableNames({ env }: Situation): Finding[] {
  const of = (prefix: string) => ofEachProvider.map((suffix) => `${prefix}_${suffix}`)
  const prefixes = providerPrefixes(env)
  const known = ['AMAZON', 'GOOGLE', 'FACEBOOK']
  const ours = [...general, ...ofOneProvider, ...prefixes.flatMap(of)]
  // A provider called AMZON, with no issuer, is one of the three, misspelt.
  const settled = new Set([
    ...general,
    ...ofOneProvider,
    ...prefixes.filter((prefix) => known.includes(prefix) || env[`${prefix}_ISSUER`]).flatMap(of),
  ])
  const set = Object.keys(env).filter((name) => env[name]?.trim())
  return [
    ...set.flatMap((name) => {
      if (settled.has(name)) return []
      const meant = meantBy(name, ours)
      if (meant)
        return [warn(name, `is read by nobody; ${meant} is`, `Rename it to ${meant}, or take it away.`)]
      return ofSomeProvider.test(name) && !ours.includes(name)
        ? [
            warn(
              name,
              'belongs to no provider',
              'Provider X has X_ISSUER, X_APP_ID and X_ROLE_ARN, in capitals.',
            ),
          ]
        : []
    }),
    ...ours.flatMap((name) => {
      const value = env[name]?.trim() ?? ''
      const isRequired = /_(APP_ID|APP_SECRET|ROLE_ARN)$/.test(name)
      if (/^(["']).*\1$/.test(value)) {
        return [
          fail(name, 'has its quotation marks in the value', 'Take them away: nobody strips them here.'),
        ]
      }
      // Of what is required, the provider that is off already says so.
      return value && !isRequired && valueIn(env, name) === undefined
        ? [warn(name, 'still has its placeholder text and counts as not set', 'Set it, or take it away.')]
        : []
    }),
  ]
}
