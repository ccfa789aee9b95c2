import { GetObjectCommand, ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type S3, startS3 } from '../../sandbox/aws/s3.ts'
import { type Session, Sessions } from '../../sandbox/aws/sessions.ts'
import { allow, issueSession, OPERATOR, presignGet, s3Client } from './aws-stand-ins.ts'

let s3: S3
let session: Session
const sessions = new Sessions(OPERATOR)
const clock = { now: Date.now() }

beforeAll(async () => {
  const buckets = [{ name: 'photos', region: 'us-east-1', creationDate: new Date() }]
  s3 = await startS3({ sessions, buckets, clock: () => clock.now })
  session = issueSession(sessions, allow('s3:*'))
  await s3.seed({ bucket: 'photos', key: 'a.txt', body: 'hello', contentType: 'text/plain' })
})
afterEach(() => {
  clock.now = Date.now()
})
afterAll(() => s3.close())

const listAs = (change: object) => s3Client(s3.url, { ...session, ...change }).send(new ListBucketsCommand())
const refused = (name: string, status: number) => ({
  name,
  $metadata: expect.objectContaining({ httpStatusCode: status }),
})

describe('a signed request', () => {
  it('is answered when a session or the operator has signed it', async () => {
    await expect(listAs({})).resolves.toMatchObject({ Buckets: [{ Name: 'photos' }] })
    await expect(listAs({ ...OPERATOR, sessionToken: undefined })).resolves.toMatchObject({
      Buckets: [{ Name: 'photos' }],
    })
  })

  it.each([
    ['a wrong secret key', { secretAccessKey: 'wrong' }, 'SignatureDoesNotMatch', 403],
    ['an unknown access key', { accessKeyId: 'ASIAUNKNOWN000000000' }, 'InvalidAccessKeyId', 403],
    ['a temporary key without its token', { sessionToken: undefined }, 'InvalidAccessKeyId', 403],
    ['a wrong session token', { sessionToken: 'wrong' }, 'InvalidToken', 400],
    ['a long-term key with a token', { ...OPERATOR, sessionToken: 'any' }, 'InvalidToken', 400],
  ])('is refused with %s', async (_, change, code, status) => {
    await expect(listAs(change)).rejects.toMatchObject(refused(code, status))
  })

  it('is refused as ExpiredToken from the moment of expiry on', async () => {
    clock.now = session.expiration.getTime() - 1
    await expect(listAs({})).rejects.toMatchObject(refused('RequestTimeTooSkewed', 403))
    clock.now = session.expiration.getTime()
    await expect(listAs({})).rejects.toMatchObject(refused('ExpiredToken', 400))
  })

  it('is refused as ExpiredToken when all sessions are ended', async () => {
    const ended = issueSession(sessions, allow('s3:*'))
    const other = new Sessions()
    const server = await startS3({ sessions: other, buckets: [] })
    const own = issueSession(other, allow('s3:*'))
    other.expireAll()
    await expect(s3Client(server.url, own).send(new ListBucketsCommand())).rejects.toMatchObject(
      refused('ExpiredToken', 400),
    )
    await expect(listAs(ended)).resolves.toBeDefined()
    await server.close()
  })

  it('is refused when the clocks are more than 15 minutes apart, and lets the client correct its own', async () => {
    clock.now += 16 * 60_000
    const client = s3Client(s3.url, session)
    await expect(client.send(new ListBucketsCommand())).rejects.toMatchObject({
      ...refused('RequestTimeTooSkewed', 403),
      RequestTime: expect.any(String),
      ServerTime: expect.any(String),
    })
    await expect(client.send(new ListBucketsCommand())).resolves.toBeDefined()
  })

  it('is refused with the right region when it names a wrong one', async () => {
    const client = s3Client(s3.url, session)
    client.config.region = async () => 'eu-west-1'
    await expect(client.send(new ListBucketsCommand())).rejects.toMatchObject({
      ...refused('AuthorizationHeaderMalformed', 400),
      Region: 'us-east-1',
    })
  })

  it('is refused when body or headers are not those that were signed', async () => {
    const tampered = (change: (request: { body?: unknown; headers: Record<string, string> }) => void) => {
      const client = s3Client(s3.url, session)
      client.middlewareStack.add(
        (next) => (args) => {
          change(args.request as Parameters<typeof change>[0])
          return next(args)
        },
        { step: 'finalizeRequest', priority: 'low' },
      )
      return client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'b.txt', Body: 'hello' }))
    }
    await expect(tampered((request) => (request.body = 'jello'))).rejects.toMatchObject(
      refused('XAmzContentSHA256Mismatch', 400),
    )
    await expect(tampered(({ headers }) => (headers['x-amz-acl'] = 'public-read'))).rejects.toMatchObject({
      ...refused('AccessDenied', 403),
      HeadersNotSigned: 'x-amz-acl',
    })
    await expect(
      s3Client(s3.url, session).send(new GetObjectCommand({ Bucket: 'photos', Key: 'b.txt' })),
    ).rejects.toMatchObject(refused('NoSuchKey', 404))
  })
})

describe('an unsigned request', () => {
  it('is refused, never answered with an empty list', async () => {
    const response = await fetch(s3.url)
    const xml = await response.text()
    expect(response.status).toBe(403)
    expect(xml).toContain('<Error><Code>AccessDenied</Code>')
    expect(xml).toContain(`<RequestId>${response.headers.get('x-amz-request-id')}</RequestId>`)
  })

  it.each([
    ['AWS AKID:signature', 'InvalidRequest'],
    ['AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=00', 'AuthorizationHeaderMalformed'],
    ['Bearer x', 'InvalidRequest'],
  ])('is refused when Authorization is %s', async (authorization, code) => {
    const response = await fetch(s3.url, { headers: { authorization } })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain(`<Code>${code}</Code>`)
  })
})

describe('a presigned URL', () => {
  const presign = (caller: Session, query = '', seconds = 60, date = new Date()) =>
    presignGet(s3Client(s3.url, caller), `${s3.url}/photos/a.txt${query}`, seconds, date)
  const fetched = async (url: string) => {
    const response = await fetch(url)
    return `${response.status} ${await response.text()}`
  }

  it('opens the object, under the file name that was signed', async () => {
    const query = '?response-content-disposition=attachment%3B%20filename%3D%22a%20b.txt%22'
    const response = await fetch(await presign(session, query))
    expect(await response.text()).toBe('hello')
    expect(response.headers.get('content-type')).toBe('text/plain')
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="a b.txt"')
  })

  it('is refused once it has expired, or once its session has', async () => {
    const url = await presign(session)
    const longLived = await presign(session, '', 7 * 24 * 3600)
    clock.now += 61_000
    expect(await fetched(url)).toMatch(/^403 .*<Code>AccessDenied<.*Request has expired.*<X-Amz-Expires>60</s)
    clock.now += 3600_000
    expect(await fetched(longLived)).toMatch(/^400 .*<Code>ExpiredToken</s)
  })

  it('is refused for another object, with a changed parameter, or from the future', async () => {
    const url = await presign(session)
    expect(await fetched(url.replace('a.txt', 'b.txt'))).toMatch(/^403 .*<Code>SignatureDoesNotMatch</s)
    expect(await fetched(url.replace('Expires=60', 'Expires=600'))).toMatch(/^403 .*SignatureDoesNotMatch/s)
    const tomorrow = new Date(Date.now() + 24 * 3600_000)
    expect(await fetched(await presign(session, '', 60, tomorrow))).toMatch(/^403 .*not yet valid/s)
  })
})
