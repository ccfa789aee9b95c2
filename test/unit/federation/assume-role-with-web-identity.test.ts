import { text } from 'node:stream/consumers'
import { STS } from '@aws-sdk/client-sts'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { answerWith, cutShort, hang, resetConnection } from '../../../sandbox/faults.ts'
import { type LoopbackServer, listenOnLoopback } from '../../../sandbox/loopback-server.ts'
import { AppError } from '../../../src/errors.ts'
import {
  assumeRoleWithWebIdentity,
  type RoleSessionSettings,
} from '../../../src/federation/assume-role-with-web-identity.ts'
import type { Identity } from '../../../src/federation/identity.ts'
import { runInRequestContext } from '../../../src/request-context.ts'

const settings: RoleSessionSettings = {
  roleSessionSeconds: 1800,
  roleSessionName: 'email',
  sessionPolicy: '{"Statement":[]}',
}
const roleArn = 'arn:aws:iam::123456789012:role/web'
const identity: Identity = {
  person: { providerId: 'amazon', subject: 'amzn1.account.ADA', email: 'ada@example.com' },
  webIdentityToken: 'Atza|canary-token+with/every=kind&of character',
  stsProviderId: 'www.amazon.com',
}
const expiration = '2030-01-01T00:00:00Z'

const credentials = {
  AccessKeyId: 'ASIAEXAMPLE000000000',
  SecretAccessKey: 'secret/access+key',
  SessionToken: 'session-token',
  Expiration: expiration,
}

const elements = (fields: Record<string, string | undefined>): string =>
  Object.entries(fields)
    .flatMap(([name, value]) => (value === undefined ? [] : `<${name}>${value}</${name}>`))
    .join('')

const success = (
  fields: Record<string, string | undefined> = credentials,
  subject: string | undefined = identity.person.subject,
) => {
  const result = elements({
    Credentials: elements(fields),
    SubjectFromWebIdentityToken: subject,
    AssumedRoleUser: elements({ Arn: 'arn:aws:sts::123456789012:assumed-role/web/ada@example.com' }),
  })
  const answer = `<AssumeRoleWithWebIdentityResult>${result}</AssumeRoleWithWebIdentityResult>`
  return `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${answer}</AssumeRoleWithWebIdentityResponse>`
}

const refusal = (code: string): string =>
  `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>words of AWS</Message></Error></ErrorResponse>`

const xml = { 'content-type': 'text/xml', 'x-amzn-requestid': 'sts-request-1' }

describe('assumeRoleWithWebIdentity', () => {
  let server: LoopbackServer
  let sts: STS
  let bodies: string[] = []

  beforeAll(async () => {
    server = await listenOnLoopback(async (req, res) => {
      bodies.push(await text(req))
      res.writeHead(200, xml).end(success())
    })
    // One attempt: what the SDK tries again is its own affair, and takes seconds.
    sts = new STS({ region: 'us-east-1', endpoint: server.url, maxAttempts: 1 })
  })

  afterEach(() => {
    server.faults.clear()
    server.requests.length = 0
    bodies = []
  })

  afterAll(async () => {
    sts.destroy()
    await server.close()
  })

  const assume = (who: Identity = identity, how: RoleSessionSettings = settings) =>
    assumeRoleWithWebIdentity(sts, how, roleArn, who)

  const failure = async (work: Promise<unknown>): Promise<AppError> => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(AppError)
    return error as AppError
  }

  it('returns the credentials, their expiry and the role session', async () => {
    expect(await assume()).toMatchObject({
      accessKeyId: credentials.AccessKeyId,
      secretAccessKey: credentials.SecretAccessKey,
      sessionToken: credentials.SessionToken,
      expiresAt: Date.parse(expiration),
      roleArn,
      assumedRoleArn: 'arn:aws:sts::123456789012:assumed-role/web/ada@example.com',
      roleSessionName: 'ada@example.com',
    })
  })

  it('sends the token once, in the body of an unsigned POST', async () => {
    await assume()
    expect(server.requests).toHaveLength(1)
    expect(server.requests[0]).toMatchObject({ method: 'POST', url: '/' })
    expect(server.requests[0]?.headers).not.toHaveProperty('authorization')
    expect(server.requests[0]?.headers).not.toHaveProperty('x-amz-date')
    expect(Object.fromEntries(new URLSearchParams(bodies[0]))).toEqual({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: roleArn,
      RoleSessionName: 'ada@example.com',
      WebIdentityToken: identity.webIdentityToken,
      ProviderId: 'www.amazon.com',
      DurationSeconds: '1800',
      Policy: '{"Statement":[]}',
    })
  })

  it('sends neither ProviderId nor Policy where there is none', async () => {
    const { stsProviderId: _, ...openIdConnect } = identity
    await assume(openIdConnect, { ...settings, sessionPolicy: undefined, roleSessionName: 'subject' })
    const sent = new URLSearchParams(bodies[0])
    expect(sent.has('ProviderId')).toBe(false)
    expect(sent.has('Policy')).toBe(false)
    expect(sent.get('RoleSessionName')).toBe('amzn1.account.ADA')
  })

  it.each([
    ['AccessDenied', 403, 'federation.access_denied'],
    ['InvalidIdentityToken', 400, 'federation.web_identity_rejected'],
    ['IDPRejectedClaim', 403, 'federation.claim_rejected'],
    ['IDPCommunicationError', 400, 'federation.provider_unreachable'],
    ['ExpiredTokenException', 400, 'federation.token_expired'],
    ['ExpiredToken', 400, 'federation.token_expired'],
    ['MalformedPolicyDocument', 400, 'federation.policy_rejected'],
    ['PackedPolicyTooLarge', 400, 'federation.policy_too_large'],
    ['RegionDisabledException', 403, 'federation.region_disabled'],
    ['ValidationError', 400, 'federation.request_invalid'],
    ['MissingParameter', 400, 'federation.parameter_missing'],
    ['InvalidParameterValue', 400, 'federation.parameter_rejected'],
    ['InvalidAction', 400, 'federation.action_unknown'],
    ['MissingAction', 400, 'federation.action_unknown'],
    ['RequestExpired', 400, 'federation.request_expired'],
    ['Throttling', 400, 'federation.throttled'],
    ['ThrottlingException', 400, 'federation.throttled'],
    ['SlowDown', 503, 'federation.throttled'],
    ['InternalFailure', 500, 'federation.internal_failure'],
    ['ServiceUnavailable', 503, 'federation.unavailable'],
    ['OptInRequired', 403, 'federation.account_not_ready'],
    ['InvalidClientTokenId', 403, 'federation.key_rejected'],
    ['SomethingNew', 400, 'federation.answer_invalid'],
    ['constructor', 400, 'federation.answer_invalid'],
    ['__proto__', 400, 'federation.answer_invalid'],
    ['SomethingNew', 429, 'federation.throttled'],
    ['SomethingNew', 500, 'federation.unavailable'],
  ])('throws for %s with status %d: %s', async (awsCode, status, code) => {
    server.faults.plan('/', answerWith(status, refusal(awsCode), xml))
    expect(await failure(assume())).toMatchObject({
      code,
      details: {
        awsCode,
        httpStatus: status,
        awsRequestId: 'sts-request-1',
        provider: 'amazon',
        roleArn,
        roleSessionName: 'ada@example.com',
      },
    })
  })

  it('knows by the words alone that ROLE_SESSION_SECONDS is more than the role allows', async () => {
    const words = 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.'
    const answer = refusal('ValidationError').replace('words of AWS', words)
    server.faults.plan('/', answerWith(400, answer, xml))
    expect((await failure(assume())).code).toBe('federation.duration_too_long')
  })

  it.each([
    [502, '<html>bad gateway</html>', 'federation.unavailable'],
    [503, '', 'federation.unavailable'],
    [403, 'no XML', 'federation.access_denied'],
    [200, '<html>captive portal</html>', 'federation.answer_invalid'],
    [200, '{"not": "xml"}', 'federation.answer_invalid'],
    [200, '', 'federation.answer_invalid'],
  ])('throws for status %d with the body %j: %s', async (status, body, code) => {
    server.faults.plan('/', answerWith(status, body))
    expect((await failure(assume())).code).toBe(code)
  })

  it.each(Object.keys(credentials))('takes no credentials without %s', async (missing) => {
    server.faults.plan('/', answerWith(200, success({ ...credentials, [missing]: undefined }), xml))
    expect((await failure(assume())).code).toBe('federation.answer_invalid')
  })

  it('takes no credentials of another subject', async () => {
    server.faults.plan('/', answerWith(200, success(credentials, 'amzn1.account.EVE'), xml))
    expect((await failure(assume())).code).toBe('federation.subject_mismatch')
  })

  it('does not ask STS about a token that is longer than STS reads, and says how long', async () => {
    const error = await failure(assume({ ...identity, webIdentityToken: 'x'.repeat(20_001) }))
    expect(error).toMatchObject({ code: 'federation.token_too_large', details: { tokenLength: 20_001 } })
    expect(server.requests).toHaveLength(0)
    await assume({ ...identity, webIdentityToken: 'x'.repeat(20_000) })
    expect(server.requests).toHaveLength(1)
  })

  it('times out when the deadline of the request passes', async () => {
    server.faults.plan('/', hang)
    const deadline = new AbortController()
    const waiting = failure(
      runInRequestContext({ requestId: 'r', deadline: deadline.signal }, () => assume()),
    )
    deadline.abort()
    expect((await waiting).code).toBe('federation.timeout')
  })

  it('is unreachable where nothing listens', async () => {
    const nobody = await listenOnLoopback(() => {})
    await nobody.close()
    const client = new STS({ region: 'us-east-1', endpoint: nobody.url, maxAttempts: 1 })
    const error = await failure(assumeRoleWithWebIdentity(client, settings, roleArn, identity))
    expect(error).toMatchObject({ code: 'federation.unreachable', details: { awsCode: 'ECONNREFUSED' } })
  })

  it('is unreachable, not late, where the connection is closed', async () => {
    server.faults.plan('/', resetConnection)
    expect((await failure(assume())).code).toBe('federation.unreachable')
  })

  it('has a 5xx of its own where the connection is closed half way', async () => {
    server.faults.plan('/', cutShort(success(), 'text/xml'))
    expect((await failure(assume())).status).toBeGreaterThanOrEqual(502)
  })

  it('puts neither token nor policy into the details of a failure', async () => {
    server.faults.plan('/', answerWith(400, refusal('ValidationError'), xml))
    const { details } = await failure(assume())
    expect(JSON.stringify(details)).not.toContain('canary-token')
    expect(JSON.stringify(details)).not.toContain('Statement')
  })
})
