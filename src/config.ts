import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import * as v from 'valibot'

/** What is wrong with one environment variable. Never repeats the value. */
export interface ConfigProblem {
  variable: string
  problem: string
}

/** What the operator said of one identity provider that can be used. */
export interface ProviderSettings {
  /** Lower-case name, as in `/initiateLogin/:provider`. */
  id: string
  kind: 'amazon' | 'facebook' | 'openid-connect'
  clientId: string
  /** `undefined` for a public client of an OpenID provider. */
  clientSecret?: string | undefined
  roleArn: string
  label?: string | undefined
  scope?: string | undefined
  icon?: string | undefined
  /** Issuer identifier of an OpenID provider. */
  issuer?: string | undefined
  /** Amazon only. */
  grant?: 'code' | 'implicit'
  authorizeUrl?: string
  apiUrl?: string
  /** Facebook only. */
  dialogUrl?: string
  graphUrl?: string
}

/** A provider that is switched off, and why. */
interface ProviderOff {
  id: string
  label?: string | undefined
  /** True when nothing was set but placeholders: a choice, not a mistake. */
  untouched: boolean
  problems: ConfigProblem[]
}

/** All that the process is told from outside. */
export interface Config {
  /** TCP port; 0 takes a free one. */
  port: number
  /** Origin without a trailing slash; `undefined`: taken from each request. */
  publicUrl: string | undefined
  /** Express's `trust proxy`: addresses, subnets, or a number of hops. */
  trustProxy: string[] | number | false
  logLevel: string
  /** How much of a sign-in is kept, and shown to its owner. */
  flowDetails: 'full' | 'summary' | 'off'
  /** Sign-in starts and callbacks per client address and minute; 0: any number. */
  rateLimit: number
  /** TCP port of the metrics; `undefined`: there are none. */
  metricsPort: number | undefined
  session: {
    /** Newest first. */
    secrets: string[]
    /** True when no secret was given: sessions end with the process. */
    secretIsDrawn: boolean
    /** URL-like: `sqlite:PATH`, `redis://…`, `rediss://…`, `dynamodb://TABLE`, `memory:`. */
    store: string
    /** A session ends this long after the sign-in, whatever happens. */
    lifetimeSeconds: number
    /** A session ends this long after its last page. */
    idleSeconds: number
  }
  aws: {
    region: string
    stsEndpoint: string | undefined
    s3Endpoint: string | undefined
    roleSessionSeconds: number
    roleSessionName: 'email' | 'subject'
    /** JSON text of the inline policy; `undefined`: none is sent. */
    sessionPolicy: string | undefined
  }
  s3: {
    /** Buckets that are offered without being listed. */
    presetBuckets: string[]
    /** Everybody's own folder; `undefined`: people have none. */
    home: HomeSettings | undefined
  }
  providers: ProviderSettings[]
  providersOff: ProviderOff[]
}

/** A folder for each person. */
export interface HomeSettings {
  bucket: string
  /** Ends with a slash; `${subject}` and `${provider}` stand for the person's. */
  prefix: string
}

/** Start-up is refused; `problems` has all the reasons. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: ConfigProblem[]

  constructor(problems: ConfigProblem[]) {
    super(problems.map(({ variable, problem }) => `${variable} ${problem}`).join('; '))
    this.problems = problems
  }
}

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Whether a host name can only be this machine. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)

const webUrl = v.pipe(
  v.string(),
  v.check((text) => {
    const url = URL.parse(text)
    if (!url || url.username || url.password || url.hash) return false
    return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
  }, 'must be an https: URL (http: for a loopback host only), without credentials or fragment'),
)

const baseUrl = v.pipe(
  webUrl,
  v.check((text) => !text.includes('?'), 'must have no query'),
  v.transform((text) => text.replace(/\/+$/, '')),
)

const originUrl = v.pipe(
  webUrl,
  v.check((text) => {
    const url = URL.parse(text)
    return url?.pathname === '/' && url.search === ''
  }, 'must be an origin: scheme, host and port, without a path'),
  v.transform((text) => new URL(text).origin),
)

const issuerUrl = v.pipe(
  webUrl,
  v.check(
    (text) => !/[?]|\/\.well-known\//.test(text),
    'must be the issuer itself, without a query or /.well-known/…',
  ),
)

const wholeNumber = (lowest: number, highest: number) => {
  const error = `must be a whole number from ${lowest} to ${highest}`
  return v.pipe(
    v.string(),
    v.regex(/^\d+$/, error),
    v.transform(Number),
    v.minValue(lowest, error),
    v.maxValue(highest, error),
  )
}

const oneOf = <const T extends readonly string[]>(values: T) =>
  v.picklist(values, `must be one of ${values.join(', ')}`)

const roleArn = v.pipe(
  v.string(),
  v.maxLength(2048, 'must have at most 2048 characters'),
  v.regex(
    /^arn:aws[a-z-]*:iam::(\d{12})?:role\/[\w+=,.@/-]+$/,
    'must be the ARN of an IAM role, as in arn:aws:iam::123456789012:role/name',
  ),
)

const credential = v.pipe(
  v.string(),
  v.regex(/^[\x21-\x7e]{1,512}$/, 'must be 1 to 512 printable ASCII characters without spaces'),
)

const region = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be a region such as eu-west-1'),
  v.check(
    (name) => name !== 'aws-global',
    'must be a real region: the global endpoint cannot be called unsigned',
  ),
)

const trustProxy = v.pipe(
  v.string(),
  v.rawTransform(({ dataset: { value: text }, addIssue, NEVER }): string[] | number | false => {
    if (text === 'none') return false
    if (/^[1-9]$/.test(text)) return Number(text)
    const parts = text.split(',').map((part) => part.trim())
    const known = (part: string) => {
      const [address = '', prefix = '1', ...rest] = part.split('/')
      const longestPrefix = { 4: 32, 6: 128 }[isIP(address)] ?? 0
      return (
        ['loopback', 'linklocal', 'uniquelocal'].includes(part) ||
        (/^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= longestPrefix && rest.length === 0)
      )
    }
    if (parts.every(known)) return parts
    addIssue({
      message: 'must be addresses or subnets separated by commas, a number of hops from 1 to 9, or none',
    })
    return NEVER
  }),
)

const sessionSecrets = v.pipe(
  v.string(),
  v.transform((text) => text.split(',').map((secret) => secret.trim())),
  v.check(
    (secrets) => secrets.every((secret) => secret.length >= 16),
    'must be one or more secrets of at least 16 characters, separated by commas, newest first',
  ),
)

const sessionStore = v.pipe(
  v.string(),
  v.regex(
    /^(memory:|sqlite:.*|rediss?:\/\/\S+|dynamodb:\/\/[A-Za-z0-9_.-]{3,255})$/,
    'must be sqlite:PATH, redis://…, rediss://…, dynamodb://TABLE or memory:',
  ),
)

/** Whether several instances can share this store. */
export const isShared = (store: string): boolean => /^(rediss?|dynamodb):/.test(store)

/** What this application does with a session, and so all that the session may do. */
const listAndRead = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['s3:ListAllMyBuckets', 's3:ListBucket', 's3:GetBucketLocation', 's3:GetObject'],
      Resource: '*',
    },
  ],
})

const sessionPolicy = v.pipe(
  v.string(),
  v.maxLength(2048, 'must have at most 2048 characters'),
  v.check((text) => {
    if (text === 'none') return true
    try {
      const statements: unknown[] = [JSON.parse(text).Statement].flat()
      return statements.every((one) => typeof one === 'object' && one !== null)
    } catch {
      return false
    }
  }, 'must be none, or an IAM policy document in JSON'),
  v.transform((text) => (text === 'none' ? undefined : text)),
)

/**
 * Whether a bucket can have this name, those of before 2018 included. ARNs, which the SDK would take for a bucket
 * elsewhere, are none.
 * @see "General purpose bucket naming rules", Amazon S3 user guide
 */
export const isBucketName = (name: string): boolean =>
  /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/.test(name)

const bucketNames = v.pipe(
  v.string(),
  v.transform((text) => text.split(',').map((name) => name.trim())),
  v.check((names) => names.every(isBucketName), 'must be names of buckets, separated by commas'),
)

const home = v.pipe(
  v.string(),
  v.rawTransform(({ dataset: { value: text }, addIssue, NEVER }): HomeSettings => {
    const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/(.+\/)$/s.exec(text) ?? []
    const plain = prefix.replace(/\$\{(subject|provider)\}/g, '')
    if (isBucketName(bucket) && /\$\{subject\}/.test(prefix) && !plain.includes('${'))
      return { bucket, prefix }
    // biome-ignore lint/suspicious/noTemplateCurlyInString: so it is written in the variable
    addIssue({ message: 'must be like s3://bucket/prefix/${subject}/, and may have ${provider} in it' })
    return NEVER
  }),
)

/** The texts that a template leaves where a value belongs. */
const isPlaceholder = (value: string): boolean =>
  /^(<.*>$|enter |insert |your[-_ ]|(replace|change)[-_ ]?(me|this|with)(?![a-z]))/i.test(value)

/** The value of a variable; empty and placeholder texts count as not set. */
export const valueIn = (env: Environment, variable: string): string | undefined => {
  const value = env[variable]?.trim()
  return value && !isPlaceholder(value) ? value : undefined
}

/** Reads variables from `env`, and notes in `problems` what cannot be used. */
function variableReader(env: Environment, problems: ConfigProblem[]) {
  // A configuration with problems is thrown away whole, so that `fallback` is never used in place of a bad value.
  const withDefault = <T>(variable: string, schema: v.GenericSchema<string, T>, fallback: T): T => {
    const value = valueIn(env, variable)
    if (value === undefined) return fallback
    const result = v.safeParse(schema, value)
    if (result.success) return result.output
    problems.push({ variable, problem: result.issues[0].message })
    return fallback
  }
  return {
    withDefault,
    optional: <T>(variable: string, schema: v.GenericSchema<string, T>): T | undefined =>
      withDefault<T | undefined>(variable, schema, undefined),
    required: (variable: string, schema: v.GenericSchema<string, string>): string => {
      if (valueIn(env, variable) === undefined) {
        problems.push({
          variable,
          problem: env[variable]?.trim() ? 'still has its placeholder text' : 'is missing',
        })
      }
      return withDefault(variable, schema, '')
    },
  }
}

const displayText = v.pipe(v.string(), v.maxLength(60, 'must have at most 60 characters'))

function readProvider(env: Environment, prefix: string): ProviderSettings | ProviderOff {
  const problems: ConfigProblem[] = []
  const read = variableReader(env, problems)
  const id = prefix.toLowerCase()
  const common = {
    id,
    clientId: read.required(`${prefix}_APP_ID`, credential),
    roleArn: read.required(`${prefix}_ROLE_ARN`, roleArn),
    label: read.optional(`${prefix}_LABEL`, displayText),
    scope: read.optional(
      `${prefix}_SCOPE`,
      v.pipe(
        v.string(),
        v.regex(/^[\x21-\x7e]+( [\x21-\x7e]+)*$/, 'must be words separated by single spaces'),
      ),
    ),
    icon: read.optional(
      `${prefix}_ICON`,
      v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/, 'must be the name of a file in public/icons, without .svg')),
    ),
  }
  let settings: ProviderSettings
  if (prefix === 'AMAZON') {
    const grant = read.withDefault('AMAZON_GRANT', oneOf(['code', 'implicit']), 'code')
    settings = {
      ...common,
      kind: 'amazon',
      grant,
      clientSecret:
        grant === 'implicit'
          ? read.optional('AMAZON_APP_SECRET', credential)
          : read.required('AMAZON_APP_SECRET', credential),
      authorizeUrl: read.withDefault('AMAZON_AUTHORIZE_URL', webUrl, 'https://www.amazon.com/ap/oa'),
      apiUrl: read.withDefault('AMAZON_API_URL', baseUrl, 'https://api.amazon.com'),
    }
  } else if (prefix === 'FACEBOOK') {
    settings = {
      ...common,
      kind: 'facebook',
      clientSecret: read.required('FACEBOOK_APP_SECRET', credential),
      dialogUrl: read.withDefault(
        'FACEBOOK_DIALOG_URL',
        webUrl,
        'https://www.facebook.com/v26.0/dialog/oauth',
      ),
      graphUrl: read.withDefault('FACEBOOK_GRAPH_URL', baseUrl, 'https://graph.facebook.com/v26.0'),
    }
  } else if (prefix === 'GOOGLE') {
    settings = {
      ...common,
      kind: 'openid-connect',
      clientSecret: read.required('GOOGLE_APP_SECRET', credential),
      issuer: read.withDefault('GOOGLE_ISSUER', issuerUrl, 'https://accounts.google.com'),
    }
  } else {
    const secret = `${prefix}_APP_SECRET`
    settings = {
      ...common,
      kind: 'openid-connect',
      clientSecret: env[secret]?.trim() ? read.required(secret, credential) : undefined,
      issuer: read.required(`${prefix}_ISSUER`, issuerUrl),
    }
  }
  if (problems.length === 0) return settings
  const untouched = ['_APP_ID', '_APP_SECRET', '_ROLE_ARN'].every(
    (suffix) => valueIn(env, prefix + suffix) === undefined,
  )
  return { id, label: common.label, untouched, problems }
}

/** Amazon, Google and Facebook, then whatever else has an `X_ISSUER`, or all but that, by name. */
export function providerPrefixes(env: Environment): string[] {
  const known = ['AMAZON', 'GOOGLE', 'FACEBOOK']
  const others = Object.keys(env).flatMap((name) => {
    const [, prefix = '', suffix] = /^([A-Z][A-Z0-9_]*)_(ISSUER|APP_ID)$/.exec(name) ?? []
    return suffix === 'ISSUER' || env[`${prefix}_ROLE_ARN`] !== undefined ? [prefix] : []
  })
  const unknown = new Set(others.filter((prefix) => prefix !== '' && !known.includes(prefix)))
  return [...known, ...[...unknown].sort()]
}

/**
 * Turns the environment into the configuration. A provider that cannot be used is switched off and named in
 * `providersOff`.
 * @throws ConfigError with every problem that keeps the process from starting.
 */
export function readConfig(env: Environment): Config {
  const problems: ConfigProblem[] = []
  const read = variableReader(env, problems)
  const providers: ProviderSettings[] = []
  const providersOff: ProviderOff[] = []
  for (const prefix of providerPrefixes(env)) {
    const provider = readProvider(env, prefix)
    if ('problems' in provider) providersOff.push(provider)
    else providers.push(provider)
  }

  const secrets = read.optional('SESSION_SECRET', sessionSecrets)
  const production = env.NODE_ENV === 'production'
  const store = read.withDefault('SESSION_STORE', sessionStore, 'sqlite:sessions.sqlite')
  // With no provider on, there is nobody whose session it would seal.
  if (!valueIn(env, 'SESSION_SECRET') && providers.length > 0 && (isShared(store) || production)) {
    problems.push({
      variable: 'SESSION_SECRET',
      problem: 'is missing: every instance must be given the same secret',
    })
  }

  const config: Config = {
    port: read.withDefault('PORT', wholeNumber(0, 65_535), 3000),
    publicUrl: read.optional('PUBLIC_URL', originUrl),
    trustProxy: read.withDefault('TRUST_PROXY', trustProxy, ['loopback', 'linklocal', 'uniquelocal']),
    logLevel: read.withDefault(
      'LOG_LEVEL',
      oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
      'info',
    ),
    flowDetails: read.withDefault('FLOW_DETAILS', oneOf(['full', 'summary', 'off']), 'full'),
    rateLimit: read.withDefault('RATE_LIMIT', wholeNumber(0, 100_000), 300),
    metricsPort: read.optional('METRICS_PORT', wholeNumber(0, 65_535)),
    session: {
      secrets: secrets ?? [randomBytes(32).toString('base64url')],
      secretIsDrawn: secrets === undefined,
      store,
      lifetimeSeconds: read.withDefault('SESSION_LIFETIME_SECONDS', wholeNumber(300, 604_800), 43_200),
      idleSeconds: read.withDefault('SESSION_IDLE_SECONDS', wholeNumber(60, 604_800), 3600),
    },
    aws: {
      region: read.withDefault('AWS_REGION', region, 'us-east-1'),
      stsEndpoint: read.optional('AWS_ENDPOINT_URL_STS', webUrl),
      s3Endpoint: read.optional('AWS_ENDPOINT_URL_S3', webUrl),
      roleSessionSeconds: read.withDefault('ROLE_SESSION_SECONDS', wholeNumber(900, 43_200), 3600),
      roleSessionName: read.withDefault('ROLE_SESSION_NAME', oneOf(['email', 'subject']), 'email'),
      sessionPolicy: read.withDefault<string | undefined>('SESSION_POLICY', sessionPolicy, listAndRead),
    },
    s3: {
      presetBuckets: read.withDefault<string[]>('S3_BUCKETS', bucketNames, []),
      home: read.optional('S3_HOME', home),
    },
    providers,
    providersOff,
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

/** Every secret of the configuration, for the log to blank wherever it turns up. */
export const secretsOf = ({ session, providers }: Config): string[] => [
  ...session.secrets,
  ...providers.flatMap(({ clientSecret }) => clientSecret ?? []),
  URL.parse(session.store)?.password ?? '',
]
