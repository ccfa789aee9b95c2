import { describe, expect, it } from 'vitest'
import { ConfigError, type ConfigProblem, readConfig } from '../../src/config.ts'

type Environment = Record<string, string | undefined>

const problemsOf = (environment: Environment): ConfigProblem[] => {
  try {
    readConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

const google = {
  GOOGLE_APP_ID: 'client.apps.example',
  GOOGLE_APP_SECRET: 'a-client-secret',
  GOOGLE_ROLE_ARN: 'arn:aws:iam::123456789012:role/web',
}
const secret = 'one-secret-of-24-letters'

describe('readConfig without any variable', () => {
  it('has a default for everything that the process needs', () => {
    expect(readConfig({})).toMatchObject({
      port: 3000,
      metricsPort: undefined,
      publicUrl: undefined,
      trustProxy: ['loopback', 'linklocal', 'uniquelocal'],
      logLevel: 'info',
      session: {
        secretIsDrawn: true,
        store: 'sqlite:sessions.sqlite',
        lifetimeSeconds: 43_200,
        idleSeconds: 3600,
      },
      aws: {
        region: 'us-east-1',
        stsEndpoint: undefined,
        s3Endpoint: undefined,
        roleSessionSeconds: 3600,
        roleSessionName: 'email',
      },
      providers: [],
    })
  })

  it('has a session policy that allows to list and to read, and nothing else', () => {
    const policy = JSON.parse(readConfig({}).aws.sessionPolicy ?? '')
    const statements: { Effect: string; Action: string[] }[] = policy.Statement
    expect(policy.Version).toBe('2012-10-17')
    expect(statements.map(({ Effect }) => Effect)).toEqual(['Allow'])
    expect(statements.flatMap(({ Action }) => Action).sort()).toEqual([
      's3:GetBucketLocation',
      's3:GetObject',
      's3:ListAllMyBuckets',
      's3:ListBucket',
    ])
  })
})

describe('readConfig with a well-formed variable', () => {
  it.each([
    ['PORT', '0', { port: 0 }],
    ['PORT', ' 8081 ', { port: 8081 }],
    ['PORT', '65535', { port: 65_535 }],
    ['METRICS_PORT', '9464', { metricsPort: 9464 }],
    ['PUBLIC_URL', 'https://app.example.org', { publicUrl: 'https://app.example.org' }],
    ['PUBLIC_URL', 'https://App.Example.org:8443/', { publicUrl: 'https://app.example.org:8443' }],
    ['PUBLIC_URL', 'https://EXAMPLE.org/', { publicUrl: 'https://example.org' }],
    ['PUBLIC_URL', 'https://example.org:443', { publicUrl: 'https://example.org' }],
    ['PUBLIC_URL', 'https://[::ffff:10.0.0.1]', { publicUrl: 'https://[::ffff:a00:1]' }],
    ['PUBLIC_URL', 'http://localhost:3000', { publicUrl: 'http://localhost:3000' }],
    ['LOG_LEVEL', 'debug', { logLevel: 'debug' }],
    ['SESSION_STORE', 'memory:', { session: { store: 'memory:' } }],
    ['SESSION_STORE', 'sqlite:/var/lib/app/s.db', { session: { store: 'sqlite:/var/lib/app/s.db' } }],
    ['SESSION_LIFETIME_SECONDS', '300', { session: { lifetimeSeconds: 300 } }],
    ['SESSION_LIFETIME_SECONDS', '604800', { session: { lifetimeSeconds: 604_800 } }],
    ['SESSION_IDLE_SECONDS', '60', { session: { idleSeconds: 60 } }],
    ['AWS_REGION', 'eu-central-2', { aws: { region: 'eu-central-2' } }],
    ['AWS_ENDPOINT_URL_STS', 'https://sts.example.org', { aws: { stsEndpoint: 'https://sts.example.org' } }],
    ['AWS_ENDPOINT_URL_S3', 'http://127.0.0.1:9000', { aws: { s3Endpoint: 'http://127.0.0.1:9000' } }],
    ['ROLE_SESSION_SECONDS', '900', { aws: { roleSessionSeconds: 900 } }],
    ['ROLE_SESSION_SECONDS', '43200', { aws: { roleSessionSeconds: 43_200 } }],
    ['ROLE_SESSION_NAME', 'subject', { aws: { roleSessionName: 'subject' } }],
    ['SESSION_POLICY', 'none', { aws: { sessionPolicy: undefined } }],
    ['SESSION_POLICY', '{"Statement":[]}', { aws: { sessionPolicy: '{"Statement":[]}' } }],
    ['TRUST_PROXY', 'none', { trustProxy: false }],
    ['TRUST_PROXY', '2', { trustProxy: 2 }],
    ['TRUST_PROXY', 'loopback, 10.0.0.0/8', { trustProxy: ['loopback', '10.0.0.0/8'] }],
    ['TRUST_PROXY', '192.0.2.7', { trustProxy: ['192.0.2.7'] }],
    ['TRUST_PROXY', '2001:db8::/32,::1', { trustProxy: ['2001:db8::/32', '::1'] }],
  ])('takes %s=%s', (variable, value, expected) => {
    expect(readConfig({ [variable]: value })).toMatchObject(expected)
  })

  it.each([
    ['PORT', { port: 3000 }],
    ['PUBLIC_URL', { publicUrl: undefined }],
    ['AWS_REGION', { aws: { region: 'us-east-1' } }],
    ['SESSION_STORE', { session: { store: 'sqlite:sessions.sqlite' } }],
  ])('takes the default where %s is empty or blank', (variable, expected) => {
    expect(readConfig({ [variable]: '' })).toMatchObject(expected)
    expect(readConfig({ [variable]: '  ' })).toMatchObject(expected)
  })
})

/** Values that must be refused; where one can, it has a canary in it. */
const malformed: Record<string, string[]> = {
  PORT: ['canary', '-1', '65536', '80.5', '0x50', '1e3', '3000 canary'],
  METRICS_PORT: ['canary', '65536'],
  PUBLIC_URL: [
    'ftp://canary.example',
    'http://canary.example',
    'https://canary:canary@app.example',
    'https://app.example/canary',
    'https://app.example?canary',
    'https://app.example/#canary',
  ],
  TRUST_PROXY: ['canary', '0', '10', '10.0.0.0/canary', '10.0.0.0/8/8', '10.0.0.0,', 'true', '-1'],
  LOG_LEVEL: ['canary', 'INFO'],
  SESSION_SECRET: ['canary', 'canary-of-16-long,canary', `${secret},`],
  SESSION_STORE: [
    'canary',
    'postgres://canary@db.example/app',
    'memory:canary',
    'canary:memory:',
    'rediss://',
    'dynamodb://canary/table',
    'dynamodb://c',
  ],
  SESSION_LIFETIME_SECONDS: ['canary', '299', '604801', '12h'],
  SESSION_IDLE_SECONDS: ['canary', '59', '604801'],
  AWS_REGION: ['aws-global', 'EU-CANARY-1', 'eu-west-1.canary.example', 'eu-west-1/canary', '-canary'],
  AWS_ENDPOINT_URL_STS: ['canary', 'http://sts.canary.example', 'https://canary:canary@sts.example'],
  AWS_ENDPOINT_URL_S3: [
    'canary',
    'http://s3.canary.example',
    'javascript:canary',
    'https://s3.example#canary',
  ],
  ROLE_SESSION_SECONDS: ['canary', '899', '43201', '3600.5', '1h'],
  ROLE_SESSION_NAME: ['canary', 'Email'],
  SESSION_POLICY: [
    'canary',
    '{"canary":1}',
    '{"Statement":"canary"}',
    '{"Statement":null}',
    '{"Statement":[null]}',
    '{"Statement":[{"Effect":"Allow"},"canary"]}',
    'null',
    '[]',
    JSON.stringify({ Statement: [{ Sid: 'canary'.repeat(400) }] }),
  ],
}

describe('readConfig with a malformed variable', () => {
  it.each(
    Object.entries(malformed).flatMap(([variable, values]) => values.map((value) => [variable, value])),
  )('refuses %s=%s by name, and does not repeat the value', (variable = '', value = '') => {
    const problems = problemsOf({ [variable]: value })
    expect(problems.map((one) => one.variable)).toEqual([variable])
    expect(problems[0]?.problem).toMatch(/^must /)
    expect(problems[0]?.problem.toLowerCase()).not.toContain('canary')
  })

  it('names all that is wrong at once, in the message too', () => {
    const environment = Object.fromEntries(
      Object.entries(malformed).map(([variable, [value]]) => [variable, value]),
    )
    const variables = Object.keys(malformed).sort()
    expect(
      problemsOf(environment)
        .map((one) => one.variable)
        .sort(),
    ).toEqual(variables)
    const { message } = new ConfigError(problemsOf(environment))
    for (const variable of variables) expect(message).toContain(`${variable} must `)
    expect(message.toLowerCase()).not.toContain('canary')
  })

  it('says what to write instead of aws-global', () => {
    expect(problemsOf({ AWS_REGION: 'aws-global' })[0]?.problem).toContain('real region')
  })
})

describe('plain http in a URL', () => {
  it.each(['localhost', 'app.localhost', '127.0.0.1', '127.8.9.10', '[::1]'])('is taken for %s', (host) => {
    expect(problemsOf({ PUBLIC_URL: `http://${host}:3000` })).toEqual([])
  })

  it.each([
    'localhost.example.org',
    '127.0.0.1.example.org',
    'notlocalhost',
    '10.0.0.1',
    '192.168.1.1',
    '0.0.0.0',
    '[::]',
    '[fe80::1]',
  ])('is refused for %s', (host) => {
    expect(problemsOf({ PUBLIC_URL: `http://${host}:3000` })).toHaveLength(1)
    expect(problemsOf({ PUBLIC_URL: `https://${host}:3000` })).toEqual([])
  })
})

describe('SESSION_SECRET', () => {
  it('is a list, newest first', () => {
    const { secrets, secretIsDrawn } = readConfig({
      SESSION_SECRET: ` new-${secret} , old-${secret} `,
    }).session
    expect(secrets).toEqual([`new-${secret}`, `old-${secret}`])
    expect(secretIsDrawn).toBe(false)
  })

  it('is drawn anew at each start where none is given', () => {
    const [one, other] = [readConfig({}).session, readConfig({}).session]
    expect(one.secrets).toHaveLength(1)
    expect(one.secrets[0]?.length).toBeGreaterThanOrEqual(43)
    expect(one.secrets).not.toEqual(other.secrets)
  })

  it('is asked for in production where a provider is on', () => {
    const problems = problemsOf({ NODE_ENV: 'production', ...google })
    expect(problems.map(({ variable }) => variable)).toEqual(['SESSION_SECRET'])
    expect(problems[0]?.problem).toContain('is missing')
  })

  it('is asked for in production where only a placeholder stands', () => {
    const environment = { NODE_ENV: 'production', ...google, SESSION_SECRET: 'Enter a long random secret' }
    expect(problemsOf(environment).map(({ variable }) => variable)).toEqual(['SESSION_SECRET'])
  })

  it.each(['redis://cache.example:6379', 'rediss://u:p@cache.example/1', 'dynamodb://wif-sessions'])(
    'is asked for wherever instances share the store %s',
    (store) => {
      const environment = { ...google, SESSION_STORE: store }
      expect(problemsOf(environment).map(({ variable }) => variable)).toEqual(['SESSION_SECRET'])
      expect(readConfig({ SESSION_STORE: store, SESSION_SECRET: secret }).session.store).toBe(store)
    },
  )

  it.each([
    ['no provider is on', { NODE_ENV: 'production', SESSION_STORE: 'dynamodb://sessions' }],
    ['a provider is off for a mistake', { NODE_ENV: 'production', ...google, GOOGLE_ROLE_ARN: 'nonsense' }],
    ['a secret is given', { NODE_ENV: 'production', ...google, SESSION_SECRET: secret }],
    ['it is not production', google],
  ])('is not asked for where %s', (_circumstance, environment) => {
    expect(problemsOf(environment)).toEqual([])
  })

  it('of the wrong form is named once in production', () => {
    const environment = { NODE_ENV: 'production', ...google, SESSION_SECRET: 'short' }
    expect(problemsOf(environment).map(({ variable }) => variable)).toEqual(['SESSION_SECRET'])
  })
})
