import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { answerJson, answerWith, resetConnection, rewriteJson } from '../../sandbox/faults.ts'
import { startGoogle } from '../../sandbox/identity/google.ts'
import { listenOnLoopback } from '../../sandbox/loopback-server.ts'
import { ClockComparison } from '../../src/doctor/clock.ts'
import { examineOnline } from '../../src/doctor/online.ts'
import { situationOf } from '../../src/doctor/situation.ts'
import { createHttpClient } from '../../src/http-client.ts'
import { testSecret } from '../application.ts'
import { useSituation } from '../flow/situation.ts'
import { redisIsMissing, startDynamodb, startRedis } from '../sessions/engines.ts'
import type { Changes } from './planted-mistakes.ts'

const situation = useSituation()
/** An origin where nobody listens any more. */
let nobody: string

beforeAll(async () => {
  const server = await listenOnLoopback(() => {})
  nobody = server.url
  await server.close()
})

/** All that is found with `changes` to the environment of the sandbox. */
const examine = (changes: Changes = {}, url?: string) => {
  const { sandbox, application } = situation
  const rest = { PUBLIC_URL: application.url, SESSION_STORE: 'memory:', SESSION_SECRET: testSecret }
  return examineOnline(situationOf({ ...sandbox.environment, ...rest, ...changes }), url)
}

/** What of it is not OK. */
const named = async (changes: Changes = {}, url?: string): Promise<string[]> =>
  (await examine(changes, url)).flatMap(({ level, subject, finding }) =>
    level === 'OK' ? [] : [`${level} ${subject} ${finding}`],
  )

const metadata = '/.well-known/openid-configuration'
const stsError = (status: number, code: string, message = 'as planned') =>
  answerWith(
    status,
    `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
    { 'content-type': 'text/xml' },
  )

describe('examineOnline', () => {
  it('finds the sandbox and the application in order', async () => {
    const findings = await examine()
    expect(findings.map(({ level, subject, finding }) => `${level} ${subject} ${finding}`)).toEqual([
      'OK amazon is reached: metadata, sign-in page, token endpoint',
      'OK google is reached: metadata, sign-in page, token endpoint',
      'OK facebook is reached: metadata, sign-in page, token endpoint',
      'OK AMAZON_ROLE_ARN is taken by STS, which refuses a token that nobody issued',
      'OK GOOGLE_ROLE_ARN is taken by STS, which refuses a token that nobody issued',
      'OK FACEBOOK_ROLE_ARN is taken by STS, which refuses a token that nobody issued',
      'OK S3 is reached',
      'OK SESSION_STORE was written and read; the record in it is sealed',
      'OK PUBLIC_URL is reached; redirect URIs and cookies agree with it',
      'OK TRUST_PROXY finds the client, 127.0.0.1, behind no proxy, who may claim another address: it is this machine',
      'OK the clock agrees with the others',
    ])
  })

  it('asks nobody where the application would not start', async () => {
    const before = situation.sandbox.google.requests.length
    expect(await named({ PORT: 'eighty' })).toEqual([
      'WARN the network was left alone, since the application would not start',
    ])
    expect(situation.sandbox.google.requests).toHaveLength(before)
  })
})

describe('a provider', () => {
  it.each([
    [
      'whose metadata fail',
      answerWith(500),
      'FAIL google has metadata that cannot be used (provider.unavailable)',
    ],
    [
      'whose metadata name another issuer',
      rewriteJson((body) => ({ ...body, issuer: 'https://other.example.com' })),
      'FAIL google has metadata that cannot be used (provider.misconfigured)',
    ],
    [
      'that signs by no algorithm of AWS STS',
      rewriteJson((body) => ({ ...body, id_token_signing_alg_values_supported: ['PS256'] })),
      'FAIL google has metadata that cannot be used: it offers no signature algorithm that AWS STS accepts, only PS256',
    ],
  ])('%s is named', async (_what, fault, finding) => {
    situation.sandbox.google.faults.plan(metadata, fault, 9)
    expect(await named()).toContain(finding)
  })

  it('that nobody answers for is named', async () => {
    expect(await named({ GOOGLE_ISSUER: nobody })).toContain(
      'FAIL google cannot be reached for its metadata: ECONNREFUSED',
    )
    expect(await named({ AMAZON_AUTHORIZE_URL: `${nobody}/ap/oa` })).toEqual([
      'FAIL amazon cannot be reached for its sign-in page: ECONNREFUSED',
    ])
    situation.sandbox.amazon.faults.plan('/auth/o2/token', resetConnection, 3)
    expect(await named()).toEqual([
      expect.stringMatching(
        /^FAIL amazon cannot be reached for its token endpoint: (ECONNRESET|UND_ERR_SOCKET)$/,
      ),
    ])
  })

  it('that does not know the redirect URI or the client is named', async () => {
    const elsewhere = situation.application.url.replace('127.0.0.1', 'localhost')
    expect(await named({ PUBLIC_URL: elsewhere })).toEqual(
      ['amazon', 'google', 'facebook'].map(
        (id) => `WARN ${id} answers 400 to a sign-in with the redirect URI ${elsewhere}/oauth2callback/${id}`,
      ),
    )
    const unknown = { AMAZON_APP_ID: 'amzn1.application-oa2-client.unknown' }
    expect(await named(unknown)).toEqual([expect.stringMatching(/^WARN amazon answers 400 to a sign-in/)])
  })
})

describe('STS', () => {
  it('that nobody answers for is named once', async () => {
    expect(await named({ AWS_ENDPOINT_URL_STS: nobody })).toEqual(['FAIL STS cannot be reached'])
  })

  it.each([
    [
      'is off in the region',
      stsError(403, 'RegionDisabledException'),
      'FAIL AWS_REGION is a region where STS is switched off',
    ],
    [
      'finds the call invalid',
      stsError(400, 'ValidationError'),
      'FAIL AMAZON_ROLE_ARN or ROLE_SESSION_SECONDS is refused by STS as invalid',
    ],
    [
      'does not know the role',
      stsError(403, 'AccessDenied'),
      'WARN AMAZON_ROLE_ARN is denied by STS before it looks at the token',
    ],
    [
      'cannot reach the issuer',
      stsError(400, 'IDPCommunicationError'),
      'FAIL GOOGLE_ISSUER is not reached by AWS STS',
    ],
    [
      'finds the session too long',
      stsError(
        400,
        'ValidationError',
        'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
      ),
      'FAIL ROLE_SESSION_SECONDS is longer than the MaxSessionDuration of AMAZON_ROLE_ARN',
    ],
    ['is busy', stsError(400, 'Throttling'), 'WARN STS has no time or is down'],
    ['is something else', answerJson({ hello: 'world' }, 404), 'FAIL STS answers what AWS STS never would'],
    [
      'believes everything',
      answerWith(
        200,
        '<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>x</SecretAccessKey><SessionToken>x</SessionToken><Expiration>2036-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>',
      ),
      'FAIL STS gave credentials of AMAZON_ROLE_ARN for a token that nobody issued',
    ],
  ])('that %s is named', async (_what, fault, finding) => {
    situation.sandbox.sts.faults.plan('/', fault, 20)
    expect(await named()).toContain(finding)
  })

  it('that does not take the session policy is named', async () => {
    const malformed = { SESSION_POLICY: '{"Statement":[{"Effect":"Maybe"}]}' }
    expect(await named(malformed)).toEqual(['FAIL SESSION_POLICY is refused by STS'])
  })

  it('that does not know the issuer in IAM is named', async () => {
    const client = { clientId: 'a-client', clientSecret: 'a-secret-of-this-test', name: 'Test' }
    const other = await startGoogle({ client })
    try {
      const findings = await named({
        OTHER_ISSUER: other.url,
        OTHER_APP_ID: client.clientId,
        OTHER_APP_SECRET: client.clientSecret,
        OTHER_ROLE_ARN: 'arn:aws:iam::123456789012:role/other',
      })
      expect(findings).toContain(
        'FAIL OTHER_ISSUER is not registered with IAM in the account of OTHER_ROLE_ARN',
      )
    } finally {
      await other.close()
    }
  })
})

describe('whatever else a sign-in needs', () => {
  it('is named where S3 does not answer', async () => {
    expect(await named({ AWS_ENDPOINT_URL_S3: nobody })).toEqual(['FAIL S3 cannot be reached: ECONNREFUSED'])
  })

  it.each([
    ['sqlite:/no/such/folder/sessions', 'names a file that cannot be opened'],
    ['redis://127.0.0.1:1', 'cannot be used: ECONNREFUSED'],
    ['redis://no-such-host.invalid', 'names a host that does not exist'],
  ])('is named where the session store is %s', async (store, finding) => {
    expect(await named({ SESSION_STORE: store })).toEqual([`FAIL SESSION_STORE ${finding}`])
  })

  it.skipIf(redisIsMissing)(
    'is named where Redis wants another password (skipped where redis-server is not installed)',
    async () => {
      const redis = await startRedis()
      onTestFinished(() => redis.close())
      await redis.command('CONFIG', 'SET', 'requirepass', 'the-password')
      for (const user of ['', ':another@']) {
        const store = redis.url.replace('//', `//${user}`)
        expect(await named({ SESSION_STORE: store })).toEqual(['FAIL SESSION_STORE is refused the password'])
      }
    },
  )

  it('is named where nothing listens at PUBLIC_URL, or something else', async () => {
    expect(await named({}, nobody)).toEqual(['WARN PUBLIC_URL does not answer: ECONNREFUSED'])
    expect(await named({}, situation.sandbox.s3.url)).toEqual([
      expect.stringMatching(/^FAIL PUBLIC_URL answers 4\d\d to \/healthz, and not as this application does$/),
    ])
  })

  it('is named where the application does not know the provider', async () => {
    const { sandbox, application } = situation
    const other = {
      OTHER_ISSUER: sandbox.google.url,
      OTHER_APP_ID: sandbox.environment.GOOGLE_APP_ID,
      OTHER_APP_SECRET: sandbox.environment.GOOGLE_APP_SECRET,
      OTHER_ROLE_ARN: sandbox.roleArns.google,
    }
    const onlyOther = {
      AMAZON_APP_ID: undefined,
      GOOGLE_APP_ID: undefined,
      FACEBOOK_APP_ID: undefined,
      ...other,
    }
    expect(await named(onlyOther, application.url)).toContain(
      'FAIL PUBLIC_URL answers 404 to the beginning of a sign-in',
    )
  })
})

describe('the session table in DynamoDB', () => {
  /** What is found with a store in a local DynamoDB, whose table `keyed-otherwise` has the key `name`. */
  async function saidOf(store: string) {
    const { environment, close } = await startDynamodb()
    onTestFinished(close)
    const { AWS_ENDPOINT_URL_DYNAMODB: endpoint = '', SESSION_STORE: _, ...credentials } = environment
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', endpoint)
    for (const [name, value] of Object.entries(credentials)) vi.stubEnv(name, value)
    onTestFinished(() => void vi.unstubAllEnvs())
    const client = new DynamoDBClient({ region: 'us-east-1', endpoint })
    await client.send(
      new CreateTableCommand({
        TableName: 'keyed-otherwise',
        AttributeDefinitions: [{ AttributeName: 'name', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'name', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    )
    client.destroy()
    return named({ SESSION_STORE: store, AWS_REGION: 'us-east-1' })
  }

  it('that is not there is named', async () => {
    expect(await saidOf('dynamodb://elsewhere')).toEqual([
      'FAIL SESSION_STORE names a table that is not in AWS_REGION',
    ])
  })

  it('that has another key is named', async () => {
    expect(await saidOf('dynamodb://keyed-otherwise')).toEqual([
      'FAIL SESSION_STORE names a table with another key',
    ])
  })

  it('that forgets nothing is named', async () => {
    expect(await saidOf('dynamodb://sessions')).toEqual([
      'WARN SESSION_STORE keeps what has expired for ever: the table has no TTL on expires',
    ])
  })
})

describe('the clock', () => {
  it.each([
    [[0, 400], ['OK the clock agrees with the others']],
    [[45, 47], ['WARN the clock is 45 seconds ahead of all others']],
    [[-400, -900], ['FAIL the clock is 400 seconds behind all others']],
    [[], []],
  ])('that is %j seconds ahead of others: %j', async (offsets, expected) => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const clock = new ClockComparison()
    for (const seconds of offsets) {
      const headers = { date: new Date(Date.now() - seconds * 1000).toUTCString() }
      const fetch = async () => new Response('', { headers })
      await clock.over({ ...createHttpClient(() => {}), fetch }).fetch('http://localhost')
    }
    const said = clock.findings().map(({ level, subject, finding }) => `${level} ${subject} ${finding}`)
    expect(said).toEqual(expected)
  })
})
