import {
  AssumeRoleWithWebIdentityCommand,
  type AssumeRoleWithWebIdentityCommandInput,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts'
import { generateKeyPair } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openIdConnectIdentityProvider } from '../../sandbox/aws/identity-providers/openid-connect.ts'
import { Sessions } from '../../sandbox/aws/sessions.ts'
import { type Sts, startSts } from '../../sandbox/aws/sts.ts'
import { answerJson, answerWith, resetConnection } from '../../sandbox/faults.ts'
import {
  ACCOUNT,
  AMAZON_TOKEN,
  FACEBOOK_TOKEN,
  federatedRole,
  OPERATOR,
  startIdentityStandIn,
} from './aws-stand-ins.ts'

const roles = [
  federatedRole('Amazon', 'www.amazon.com', 'www.amazon.com:app_id', 'amzn1.application.a1'),
  federatedRole('Facebook', 'graph.facebook.com', 'graph.facebook.com:app_id', '4711'),
  federatedRole('Google', 'accounts.google.com', 'accounts.google.com:aud', 'web-client'),
  federatedRole('Misaddressed', 'graph.facebook.com', 'www.amazon.com:app_id', 'amzn1.application.a1'),
  federatedRole('Stranger', 'www.amazon.com', 'www.amazon.com:app_id', 'amzn1.application.other'),
]
const roleArn = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`

let identity: Awaited<ReturnType<typeof startIdentityStandIn>>
let sts: Sts
let client: STSClient
let sessions: Sessions
const clock = { now: Date.now() }

beforeAll(async () => {
  identity = await startIdentityStandIn()
  sessions = new Sessions(OPERATOR)
  sts = await startSts({
    identityProviders: identity.identityProviders,
    roles,
    sessions,
    clock: () => clock.now,
  })
  client = new STSClient({ endpoint: sts.url, region: 'us-east-1', maxAttempts: 1 })
})
afterEach(() => {
  clock.now = Date.now()
  identity.faults.clear()
})
afterAll(async () => {
  await sts.close()
  await identity.close()
})

const assume = (input: Partial<AssumeRoleWithWebIdentityCommandInput> = {}) =>
  client.send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: roleArn('Amazon'),
      RoleSessionName: 'me@example.com',
      WebIdentityToken: AMAZON_TOKEN,
      ProviderId: 'www.amazon.com',
      ...input,
    }),
  )
const assumeGoogle = (token: string, input: Partial<AssumeRoleWithWebIdentityCommandInput> = {}) =>
  assume({ RoleArn: roleArn('Google'), WebIdentityToken: token, ProviderId: undefined, ...input })
const refused = (code: string, status: number, message?: RegExp) => ({
  Code: code,
  $metadata: expect.objectContaining({ httpStatusCode: status, requestId: expect.any(String) }),
  message: message ? expect.stringMatching(message) : expect.any(String),
})

describe('AssumeRoleWithWebIdentity', () => {
  it('answers everything that AWS does for an Amazon access token', async () => {
    const answer = await assume({ DurationSeconds: 900, Policy: '{"Version":"2012-10-17","Statement":[]}' })
    expect(answer).toMatchObject({
      Credentials: {
        AccessKeyId: expect.stringMatching(/^ASIA[A-Z2-7]{16}$/),
        SecretAccessKey: expect.stringMatching(/^.{40}$/),
        Expiration: new Date(clock.now + 900_000),
      },
      SubjectFromWebIdentityToken: 'amzn1.account.U1',
      AssumedRoleUser: {
        AssumedRoleId: expect.stringMatching(/^AROA[0-9A-Z]{17}:me@example\.com$/),
        Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/Amazon/me@example.com`,
      },
      Provider: 'www.amazon.com',
      Audience: 'amzn1.application.a1',
      PackedPolicySize: 2,
      $metadata: { httpStatusCode: 200, requestId: expect.any(String) },
    })
    expect(sessions.find(answer.Credentials?.AccessKeyId ?? '')).toMatchObject({
      subject: 'amzn1.account.U1',
      contextKeys: { 'www.amazon.com:user_id': 'amzn1.account.U1' },
    })
  })

  it('writes its XML in the namespace of STS and answers a query in the URL too', async () => {
    const query = new URLSearchParams({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: roleArn('Amazon'),
      RoleSessionName: 'me',
      WebIdentityToken: AMAZON_TOKEN,
      ProviderId: 'www.amazon.com',
    })
    const response = await fetch(`${sts.url}/?${query}`)
    const xml = await response.text()
    expect(xml).toContain(
      '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">',
    )
    expect(xml).toContain(`<RequestId>${response.headers.get('x-amzn-requestid')}</RequestId>`)
  })

  it('asks the Graph API for application and person when the token is Facebook’s', async () => {
    const input = { RoleArn: roleArn('Facebook'), ProviderId: 'graph.facebook.com' }
    expect(await assume({ ...input, WebIdentityToken: FACEBOOK_TOKEN })).toMatchObject({
      SubjectFromWebIdentityToken: '100200300',
      Audience: '4711',
      Provider: 'graph.facebook.com',
    })
  })

  it('verifies an ID token and names its issuer as the provider', async () => {
    expect(await assumeGoogle(await identity.sign())).toMatchObject({
      SubjectFromWebIdentityToken: 'google-subject',
      Audience: 'web-client',
      Provider: identity.url,
    })
  })

  it('compares :aud with azp where there is one', async () => {
    await expect(
      assumeGoogle(await identity.sign({ aud: 'backend', azp: 'web-client' })),
    ).resolves.toBeDefined()
    await expect(assumeGoogle(await identity.sign({ azp: 'another' }))).rejects.toMatchObject(
      refused('AccessDenied', 403),
    )
  })

  it.each([
    ['roleSessionName', { RoleSessionName: 'x' }, /length greater than or equal to 2/],
    ['roleSessionName', { RoleSessionName: 'y'.repeat(65) }, /length less than or equal to 64/],
    ['roleSessionName', { RoleSessionName: 'with space' }, /pattern: \[\\w\+=,\.@-\]\*/],
    ['roleSessionName', { RoleSessionName: undefined }, /Value null .* must not be null/],
    ['webIdentityToken', { WebIdentityToken: 'abc' }, /length greater than or equal to 4/],
    ['durationSeconds', { DurationSeconds: 899 }, /value greater than or equal to 900/],
    ['durationSeconds', { DurationSeconds: 43201 }, /value less than or equal to 43200/],
    ['policy', { Policy: ' '.repeat(2049) }, /length less than or equal to 2048/],
  ])('answers ValidationError that names %s for %j', async (member, input, message) => {
    await expect(assume(input)).rejects.toMatchObject(refused('ValidationError', 400, message))
    await expect(assume(input)).rejects.toThrow(`1 validation error detected: Value`)
    await expect(assume(input)).rejects.toThrow(`at '${member}' failed to satisfy constraint`)
  })

  it('reports two invalid parameters at once and never repeats the token', async () => {
    const input = { RoleSessionName: 'x', WebIdentityToken: 'abc' }
    await expect(assume(input)).rejects.toThrow(/^2 validation errors detected: .*; /)
    await expect(assume(input)).rejects.not.toThrow(/abc/)
  })

  it.each([
    ['a role ARN without an account', { RoleArn: 'arn:aws:iam:::role/S3Access' }, 'ValidationError', 400],
    ['more seconds than the role allows', { DurationSeconds: 3601 }, 'ValidationError', 400],
    ['a policy that is not JSON', { Policy: '{' }, 'MalformedPolicyDocument', 400],
    [
      'a policy without effect',
      { Policy: '{"Statement":[{"Action":"s3:*"}]}' },
      'MalformedPolicyDocument',
      400,
    ],
    ['a policy too large when packed', { Policy: `"${'ü'.repeat(2000)}"` }, 'PackedPolicyTooLarge', 400],
    ['managed policies', { PolicyArns: [{ arn: 'arn:aws:iam::aws:policy/X' }] }, 'ValidationError', 400],
    [
      'a ProviderId that AWS does not have',
      { ProviderId: 'accounts.google.com' },
      'InvalidParameterValue',
      400,
    ],
    ['no ProviderId with an access token', { ProviderId: undefined }, 'InvalidIdentityToken', 400],
    ['a token that Amazon does not know', { WebIdentityToken: 'Atza|revoked' }, 'IDPRejectedClaim', 403],
    ['another application’s role', { RoleArn: roleArn('Stranger') }, 'AccessDenied', 403],
    ['a role whose principal is another provider', { RoleArn: roleArn('Misaddressed') }, 'AccessDenied', 403],
    ['a role that does not exist', { RoleArn: roleArn('Nobody') }, 'AccessDenied', 403],
  ])('refuses %s', async (_, input, code, status) => {
    await expect(assume(input)).rejects.toMatchObject(refused(code, status))
  })

  it('refuses an ID token that is expired, foreign, unsigned or of an unknown issuer', async () => {
    const { privateKey: foreignKey } = await generateKeyPair('RS256')
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await identity.sign()).split('.')[1]}.`
    const cases: [token: string, code: string][] = [
      [await identity.sign({ exp: Math.floor(Date.now() / 1000) - 1 }), 'ExpiredTokenException'],
      [await identity.sign({}, foreignKey), 'InvalidIdentityToken'],
      [unsigned, 'InvalidIdentityToken'],
      [await identity.sign({ iss: 'https://issuer.example' }), 'InvalidIdentityToken'],
    ]
    for (const [token, code] of cases) {
      await expect(assumeGoogle(token)).rejects.toMatchObject(refused(code, 400))
    }
  })

  it('refuses an audience that is not registered with an IAM OIDC provider', async () => {
    const principal = `arn:aws:iam::${ACCOUNT}:oidc-provider/idp.example.com/realm`
    const other = await startSts({
      identityProviders: [
        openIdConnectIdentityProvider({ issuer: identity.url, principal, clientIds: ['web-client'] }),
      ],
      roles: [federatedRole('Realm', principal, 'idp.example.com/realm:sub', 'google-subject')],
      sessions,
    })
    const ask = async (aud: string) =>
      new STSClient({ endpoint: other.url, region: 'us-east-1' }).send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: roleArn('Realm'),
          RoleSessionName: 'me',
          WebIdentityToken: await identity.sign({ aud }),
        }),
      )
    await expect(ask('web-client')).resolves.toMatchObject({ Audience: 'web-client' })
    await expect(ask('unregistered')).rejects.toMatchObject(
      refused('InvalidIdentityToken', 400, /Incorrect token audience/),
    )
    await other.close()
  })

  it('answers IDPCommunicationError when the provider cannot be reached, fails, or talks nonsense', async () => {
    for (const fault of [resetConnection, answerWith(503), answerWith(200, '<html>')]) {
      identity.faults.plan('/auth/o2/tokeninfo', fault)
      await expect(assume()).rejects.toMatchObject(refused('IDPCommunicationError', 400))
    }
  })

  it('answers InvalidIdentityToken when the keys of an issuer are not where it says', async () => {
    const token = await identity.sign()
    identity.faults.plan('/jwks', answerJson({}))
    await expect(assumeGoogle(token)).rejects.toMatchObject(refused('InvalidIdentityToken', 400))
    identity.faults.plan('/.well-known/openid-configuration', answerJson({ issuer: 'https://other.example' }))
    await expect(assumeGoogle(token)).rejects.toMatchObject(refused('InvalidIdentityToken', 400))
  })

  it('remembers what it was asked and how that ended', async () => {
    await assume()
    await assume({ ProviderId: undefined }).catch(() => {})
    const [first, second] = sts.exchanges.slice(-2)
    expect(first).toMatchObject({
      parameters: { Action: 'AssumeRoleWithWebIdentity', WebIdentityToken: AMAZON_TOKEN },
      outcome: 'OK',
    })
    expect(second?.outcome).toBe('InvalidIdentityToken')
    expect(sts.requests.at(-1)?.headers.authorization).toBeUndefined()
  })

  it('issues sessions as short as it was told to', async () => {
    const hasty = await startSts({
      identityProviders: identity.identityProviders,
      roles,
      sessions,
      sessionSecondsOverride: 5,
      clock: () => clock.now,
    })
    const { Credentials } = await new STSClient({ endpoint: hasty.url, region: 'us-east-1' }).send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: roleArn('Amazon'),
        RoleSessionName: 'me',
        WebIdentityToken: AMAZON_TOKEN,
        ProviderId: 'www.amazon.com',
      }),
    )
    expect(Credentials?.Expiration).toEqual(new Date(clock.now + 5000))
    await hasty.close()
  })
})

describe('other calls', () => {
  const call = async (body: string) => {
    const response = await fetch(sts.url, { method: 'POST', body: new URLSearchParams(body) })
    return `${response.status} ${await response.text()}`
  }

  it('answers InvalidAction for an unknown action or version, MissingAction for none', async () => {
    expect(await call('Action=GetSessionToken&Version=2011-06-15')).toMatch(/^400 .*<Code>InvalidAction</s)
    expect(await call('Action=GetCallerIdentity')).toMatch(/for version NO_VERSION_SPECIFIED/)
    expect(await call('Version=2011-06-15')).toMatch(/^400 .*<Type>Sender<\/Type><Code>MissingAction</s)
  })

  it('tells a session who it is, and nobody else', async () => {
    const { Credentials } = await assume()
    const credentials = {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    }
    const whoAmI = (change: object = {}) =>
      new STSClient({
        endpoint: sts.url,
        region: 'us-east-1',
        maxAttempts: 1,
        credentials: { ...credentials, ...change },
      }).send(new GetCallerIdentityCommand())

    expect(await whoAmI()).toMatchObject({
      Account: ACCOUNT,
      Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/Amazon/me@example.com`,
    })
    await expect(whoAmI({ secretAccessKey: 'wrong' })).rejects.toMatchObject(
      refused('SignatureDoesNotMatch', 403),
    )
    await expect(whoAmI({ sessionToken: 'wrong' })).rejects.toMatchObject(
      refused('InvalidClientTokenId', 403),
    )
    expect(await call('Action=GetCallerIdentity&Version=2011-06-15')).toMatch(/MissingAuthenticationToken/)
    clock.now += 3600_000
    await expect(whoAmI()).rejects.toMatchObject(refused('ExpiredToken', 403))
  })
})
