import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetBucketAclCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  paginateListBuckets,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bucket, manyBuckets } from '../../sandbox/aws/list-buckets.ts'
import type { PolicyDocument } from '../../sandbox/aws/policies.ts'
import { type S3, startS3 } from '../../sandbox/aws/s3.ts'
import { Sessions } from '../../sandbox/aws/sessions.ts'
import { allow, issueSession, OPERATOR, s3Client } from './aws-stand-ins.ts'

const creationDate = new Date('2026-01-02T03:04:05Z')
const buckets: Bucket[] = [
  { name: 'videos', region: 'eu-west-1', creationDate },
  { name: 'photos', region: 'us-east-1', creationDate },
]
const sessions = new Sessions(OPERATOR)
let s3: S3

beforeAll(async () => {
  s3 = await startS3({ sessions, buckets })
  for (const key of ['home/amzn1.account.U1/mine.txt', 'home/amzn1.account.U2/theirs.txt']) {
    await s3.seed({ bucket: 'photos', key, body: key })
  }
})
afterAll(() => s3.close())

const operator = () => s3Client(s3.url, OPERATOR)
const person = (permission: PolicyDocument, sessionPolicy?: PolicyDocument) =>
  s3Client(s3.url, issueSession(sessions, permission, sessionPolicy))
const refused = (name: string, status: number, message?: string) => ({
  name,
  message: message ? expect.stringContaining(message) : expect.any(String),
  $metadata: expect.objectContaining({ httpStatusCode: status }),
})

describe('ListBuckets', () => {
  it('sorts by name and tells regions only to who sends a parameter', async () => {
    const plain = await operator().send(new ListBucketsCommand())
    expect(plain.Buckets).toEqual([
      { Name: 'photos', CreationDate: creationDate },
      { Name: 'videos', CreationDate: creationDate },
    ])
    expect(plain.Owner?.ID).toMatch(/^[0-9a-f]{64}$/)
    const { Buckets } = await operator().send(new ListBucketsCommand({ MaxBuckets: 1000 }))
    expect(Buckets?.map(({ BucketRegion }) => BucketRegion)).toEqual(['us-east-1', 'eu-west-1'])
  })

  it('filters by prefix and by region', async () => {
    const byPrefix = await operator().send(new ListBucketsCommand({ Prefix: 'vid' }))
    expect(byPrefix).toMatchObject({ Prefix: 'vid', Buckets: [{ Name: 'videos' }] })
    const byRegion = await operator().send(new ListBucketsCommand({ BucketRegion: 'us-east-1' }))
    expect(byRegion.Buckets?.map(({ Name }) => Name)).toEqual(['photos'])
  })

  it.each([0, 1, 999, 1000, 10_000])('lists %d buckets once each, in pages', async (count) => {
    const many = await startS3({ sessions, buckets: manyBuckets(count) })
    const client = s3Client(many.url, OPERATOR)
    const pages: number[] = []
    const names = new Set<string | undefined>()
    for await (const { Buckets = [] } of paginateListBuckets({ client, pageSize: 999 }, {})) {
      pages.push(Buckets.length)
      for (const { Name } of Buckets) names.add(Name)
    }
    expect(names.size).toBe(count)
    expect(pages.length).toBe(Math.max(1, Math.ceil(count / 999)))
    await many.close()
  })

  it.each([
    { MaxBuckets: 0 },
    { MaxBuckets: -1 },
    { MaxBuckets: 10_001 },
    { ContinuationToken: 'photos' },
    { BucketRegion: 'eu-west-1' },
  ])('answers InvalidArgument for %j', async (input) => {
    await expect(operator().send(new ListBucketsCommand(input))).rejects.toMatchObject({
      ...refused('InvalidArgument', 400),
      ArgumentName: expect.any(String),
    })
  })
})

describe('objects', () => {
  const object = { Bucket: 'photos', Key: 'a folder/ü (1)+*~.txt' }

  it('are put, read, described, listed and deleted', async () => {
    const client = operator()
    const metadata = { by: 'me' }
    await client.send(
      new PutObjectCommand({ ...object, Body: 'hello', ContentType: 'text/plain', Metadata: metadata }),
    )
    const read = await client.send(new GetObjectCommand(object))
    expect(await read.Body?.transformToString()).toBe('hello')
    const described = { ContentType: 'text/plain', ContentLength: 5, Metadata: metadata }
    expect(await client.send(new HeadObjectCommand(object))).toMatchObject(described)
    const top = await client.send(new ListObjectsV2Command({ Bucket: 'photos', Delimiter: '/' }))
    expect(top.CommonPrefixes).toEqual([{ Prefix: 'a folder/' }, { Prefix: 'home/' }])
    const inside = await client.send(new ListObjectsV2Command({ Bucket: 'photos', Prefix: 'a folder/' }))
    expect(inside.Contents).toMatchObject([{ Key: object.Key, Size: 5 }])
    await client.send(new DeleteObjectCommand(object))
    await expect(client.send(new GetObjectCommand(object))).rejects.toMatchObject(refused('NoSuchKey', 404))
  })

  it('may be empty, and are listed in pages', async () => {
    const client = operator()
    const keys = ['pages/', 'pages/1', 'pages/2']
    for (const Key of keys)
      await client.send(new PutObjectCommand({ Bucket: 'photos', Key, ContentLength: 0 }))
    const listed: (string | undefined)[] = []
    const input = { Bucket: 'photos', Prefix: 'pages/' }
    for await (const { Contents = [] } of paginateListObjectsV2({ client, pageSize: 2 }, input)) {
      listed.push(...Contents.map(({ Key }) => Key))
    }
    expect(listed).toEqual(keys)
  })

  it.each(['a/../b', './c', '..', '.', 'a//b', '/a', 'a b+c%2F', '\u202Ex\u0001', 'ü'.repeat(512)])(
    'may be called %j',
    async (Key) => {
      const client = operator()
      const put = await client.send(new PutObjectCommand({ Bucket: 'photos', Key, Body: Key }))
      expect(put.$metadata.httpStatusCode).toBe(200)
      const got = await client.send(new GetObjectCommand({ Bucket: 'photos', Key }))
      expect(await got.Body?.transformToString()).toBe(Key)
      const listed = await client.send(
        new ListObjectsV2Command({ Bucket: 'photos', Prefix: Key, EncodingType: 'url' }),
      )
      const keys = listed.Contents?.map((one) => decodeURIComponent(one.Key?.replaceAll('+', ' ') ?? ''))
      expect(keys).toContain(Key)
      await client.send(new DeleteObjectCommand({ Bucket: 'photos', Key }))
    },
  )

  it('may not have a key of more than 1,024 bytes', async () => {
    const put = operator().send(new PutObjectCommand({ Bucket: 'photos', Key: 'ü'.repeat(513), Body: '' }))
    await expect(put).rejects.toMatchObject(refused('KeyTooLongError', 400))
  })

  it('are not read while they are archived', async () => {
    await s3.seed({ bucket: 'photos', key: 'cold', body: 'x', storageClass: 'DEEP_ARCHIVE' })
    const got = operator().send(new GetObjectCommand({ Bucket: 'photos', Key: 'cold' }))
    await expect(got).rejects.toMatchObject(refused('InvalidObjectState', 403))
    await operator().send(new DeleteObjectCommand({ Bucket: 'photos', Key: 'cold' }))
  })

  it('are not looked for in buckets that do not exist or are elsewhere', async () => {
    const list = (Bucket: string) => operator().send(new ListObjectsV2Command({ Bucket }))
    await expect(list('nowhere')).rejects.toMatchObject(refused('NoSuchBucket', 404))
    await expect(list('videos')).rejects.toMatchObject(refused('PermanentRedirect', 301))
    await expect(operator().send(new HeadBucketCommand({ Bucket: 'videos' }))).rejects.toMatchObject({
      $response: { headers: { 'x-amz-bucket-region': 'eu-west-1' } },
    })
  })

  it('are not reached by operations that S3 has and this one has not', async () => {
    const notImplemented = refused('NotImplemented', 501)
    await expect(operator().send(new GetBucketAclCommand({ Bucket: 'photos' }))).rejects.toMatchObject(
      notImplemented,
    )
    const copy = { ...object, CopySource: 'photos/home/amzn1.account.U1/mine.txt' }
    await expect(operator().send(new CopyObjectCommand(copy))).rejects.toMatchObject(notImplemented)
  })
})

describe('policies', () => {
  const arn = 'arn:aws:sts::123456789012:assumed-role/S3Access/me@example.com'
  const ownFolder: PolicyDocument = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: 'arn:aws:s3:::photos',
        Condition: { StringLike: { 's3:prefix': `home/\${www.amazon.com:user_id}/*` } },
      },
      {
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject'],
        Resource: `arn:aws:s3:::photos/home/\${www.amazon.com:user_id}/*`,
      },
    ],
  }
  const mine = { Bucket: 'photos', Key: 'home/amzn1.account.U1/mine.txt' }
  const theirs = { Bucket: 'photos', Key: 'home/amzn1.account.U2/theirs.txt' }

  it('refuse what the role does not allow, in the words of AWS', async () => {
    await expect(person(allow('s3:GetObject')).send(new ListBucketsCommand())).rejects.toMatchObject(
      refused(
        'AccessDenied',
        403,
        `User: ${arn} is not authorized to perform: s3:ListAllMyBuckets because no identity-based policy allows the s3:ListAllMyBuckets action`,
      ),
    )
  })

  it('refuse what the session policy does not allow, however much the role does', async () => {
    const narrowed = person(allow('s3:*'), allow('s3:ListAllMyBuckets'))
    await expect(narrowed.send(new ListBucketsCommand())).resolves.toBeDefined()
    await expect(narrowed.send(new GetObjectCommand(mine))).rejects.toMatchObject(
      refused('AccessDenied', 403, 'because no session policy allows the s3:GetObject action'),
    )
  })

  it('let a session policy add nothing to the role', async () => {
    await expect(
      person(allow('s3:GetObject'), allow('s3:*')).send(new ListBucketsCommand()),
    ).rejects.toMatchObject(refused('AccessDenied', 403, 'no identity-based policy'))
  })

  it('say when something is denied explicitly', async () => {
    const denying = allow('s3:*')
    denying.Statement.push({ Effect: 'Deny', Action: 's3:ListAllMyBuckets', Resource: '*' })
    await expect(person(denying).send(new ListBucketsCommand())).rejects.toMatchObject(
      refused('AccessDenied', 403, 'with an explicit deny in an identity-based policy'),
    )
  })

  it('open a person’s own folder and no other', async () => {
    const client = person(ownFolder)
    await expect(client.send(new GetObjectCommand(mine))).resolves.toBeDefined()
    await expect(client.send(new PutObjectCommand({ ...mine, Body: 'new' }))).resolves.toBeDefined()
    const denied = refused('AccessDenied', 403)
    await expect(client.send(new GetObjectCommand(theirs))).rejects.toMatchObject(denied)
    await expect(client.send(new PutObjectCommand({ ...theirs, Body: 'x' }))).rejects.toMatchObject(denied)
    await expect(client.send(new DeleteObjectCommand(mine))).rejects.toMatchObject(denied)
  })

  it.each([
    'home/amzn1.account.U1/../amzn1.account.U2/theirs.txt',
    'home/amzn1.account.U1\\..\\amzn1.account.U2/theirs.txt',
  ])('are not got round by the key %s', async (Key) => {
    const got = person(ownFolder).send(new GetObjectCommand({ Bucket: 'photos', Key }))
    await expect(got).rejects.toMatchObject({ name: expect.stringMatching(/AccessDenied|InvalidURI/) })
  })

  it('compare s3:prefix when a bucket is listed', async () => {
    const list = (Prefix?: string) =>
      person(ownFolder).send(new ListObjectsV2Command({ Bucket: 'photos', ...(Prefix && { Prefix }) }))
    await expect(list('home/amzn1.account.U1/')).resolves.toMatchObject({ KeyCount: 1 })
    await expect(list('home/amzn1.account.U2/')).rejects.toMatchObject(refused('AccessDenied', 403))
    await expect(list()).rejects.toMatchObject(refused('AccessDenied', 403))
  })

  it('hide from who may not list a bucket which keys are missing', async () => {
    const missing = { Bucket: 'photos', Key: 'home/amzn1.account.U1/missing.txt' }
    await expect(person(ownFolder).send(new GetObjectCommand(missing))).rejects.toMatchObject(
      refused('AccessDenied', 403, 's3:ListBucket'),
    )
  })
})
