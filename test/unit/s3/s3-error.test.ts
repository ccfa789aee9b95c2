import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { answerWith, hang } from '../../../sandbox/faults.ts'
import { type LoopbackServer, listenOnLoopback } from '../../../sandbox/loopback-server.ts'
import { type AwsClients, createAwsClients } from '../../../src/aws-client.ts'
import { readConfig } from '../../../src/config.ts'
import { AppError } from '../../../src/errors.ts'
import type { Access } from '../../../src/federation/access.ts'
import { runInRequestContext } from '../../../src/request-context.ts'
import { listBuckets } from '../../../src/s3/list-buckets.ts'
import { toS3Error } from '../../../src/s3/s3-error.ts'

const access: Access = {
  accessKeyId: 'ASIAEXAMPLE000000000',
  secretAccessKey: 'canary/secret+key',
  sessionToken: 'canary-session-token',
  issuedAt: Date.UTC(2029, 11, 31),
  expiresAt: Date.UTC(2030, 0, 1),
  roleArn: 'arn:aws:iam::123456789012:role/web',
  assumedRoleArn: 'arn:aws:sts::123456789012:assumed-role/web/ada',
  roleSessionName: 'ada',
}

const refusal = (code: string): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>words of S3</Message><RequestId>s3-request-1</RequestId></Error>`

const xml = { 'content-type': 'application/xml' }

describe('a failure of S3', () => {
  let server: LoopbackServer
  let aws: AwsClients

  beforeAll(async () => {
    const empty = '<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>'
    server = await listenOnLoopback((_req, res) => res.writeHead(200, xml).end(empty))
    vi.stubEnv('AWS_MAX_ATTEMPTS', '1')
    aws = createAwsClients(readConfig({ AWS_ENDPOINT_URL_S3: server.url }), () => {})
  })

  afterEach(() => server.faults.clear())

  afterAll(async () => {
    vi.unstubAllEnvs()
    aws.destroy()
    await server.close()
  })

  const failure = async (): Promise<AppError> => {
    const error = await listBuckets(aws, access).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(AppError)
    return error as AppError
  }

  it('is none where the list is empty', async () => {
    expect(await listBuckets(aws, access)).toEqual({ buckets: [], nextToken: undefined })
  })

  it('is unavailable where the answer has no list at all', async () => {
    server.faults.plan('/', answerWith(200, '<ListAllMyBucketsResult/>', xml))
    expect((await failure()).code).toBe('s3.unavailable')
  })

  it.each([
    ['AccessDenied', 403, 's3.access_denied'],
    ['AllAccessDisabled', 403, 's3.access_denied'],
    ['ExpiredToken', 400, 'session.expired'],
    ['ExpiredTokenException', 400, 'session.expired'],
    ['InvalidToken', 400, 's3.token_rejected'],
    ['InvalidAccessKeyId', 403, 's3.key_unknown'],
    ['SignatureDoesNotMatch', 403, 's3.signature_rejected'],
    ['RequestTimeTooSkewed', 403, 's3.clock_skewed'],
    ['InvalidArgument', 400, 's3.request_invalid'],
    ['SlowDown', 503, 's3.throttled'],
    ['TooManyRequests', 429, 's3.throttled'],
    ['SomethingNew', 429, 's3.throttled'],
    ['ServiceUnavailable', 503, 's3.unavailable'],
    ['InternalError', 500, 's3.internal_error'],
    ['RequestTimeout', 400, 's3.connection_idle'],
    ['PermanentRedirect', 301, 's3.wrong_region'],
    ['AuthorizationHeaderMalformed', 400, 's3.wrong_region'],
    ['SomethingNew', 400, 's3.unavailable'],
    ['constructor', 400, 's3.unavailable'],
    ['__proto__', 400, 's3.unavailable'],
    ['toString', 400, 's3.unavailable'],
  ])('by the code %s with status %d is %s', async (awsCode, status, code) => {
    server.faults.plan('/', answerWith(status, refusal(awsCode), xml))
    const error = await failure()
    expect(error).toMatchObject({ code, details: { awsCode, httpStatus: status } })
    expect(JSON.stringify(error.details)).not.toContain('canary')
  })

  it.each([
    [502, '<html>bad gateway</html>'],
    [500, ''],
    [200, '<html>captive portal'],
  ])('without a code, with status %d and the body %j, is s3.unavailable', async (status, body) => {
    server.faults.plan('/', answerWith(status, body))
    expect((await failure()).code).toBe('s3.unavailable')
  })

  it('is s3.timeout when the deadline of the request passes', async () => {
    server.faults.plan('/', hang)
    const deadline = new AbortController()
    const waiting = runInRequestContext({ requestId: 'r', deadline: deadline.signal }, failure)
    deadline.abort()
    expect((await waiting).code).toBe('s3.timeout')
  })
})

describe('toS3Error', () => {
  it.each(['ECONNREFUSED', 'ENOTFOUND', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT'])(
    'names the network failure %s as unreachable',
    (code) => {
      const cause = Object.assign(new Error('words of the network'), { code })
      expect(toS3Error(cause)).toMatchObject({ code: 's3.unreachable', cause })
    },
  )

  it.each([undefined, null, 'text', 7, {}])('names %j, which no SDK throws, too', (cause) => {
    expect(toS3Error(cause).code).toBe('s3.unavailable')
  })
})
