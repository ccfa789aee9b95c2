import {
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { AssumeRoleWithWebIdentityCommand } from '@aws-sdk/client-sts'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type AwsClients, createAwsClients } from '../../src/aws-client.ts'
import { readConfig } from '../../src/config.ts'
import type { Access } from '../../src/federation/access.ts'
import { assumeRoleWithWebIdentity } from '../../src/federation/assume-role-with-web-identity.ts'
import { listBuckets } from '../../src/s3/list-buckets.ts'
import { ada } from '../application.ts'
import { roleArn } from './gateway.ts'
import { useStage } from './stage.ts'

describe('a role session of the gateway', () => {
  const stage = useStage()
  const clients: AwsClients[] = []

  beforeAll(async () => {
    const owner = await stage.gateway.s3Of(ada)
    await owner.send(new CreateBucketCommand({ Bucket: 'ada-letters' }))
    await owner.send(
      new PutObjectCommand({ Bucket: 'ada-letters', Key: 'to Charles +1.txt', Body: 'Dear …' }),
    )
  })

  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy()
  })

  /** What the application makes of a token of Ada's, with `environment` on top of its own. */
  const assume = async (environment: Record<string, string> = {}, roleSessionSeconds = 3600) => {
    const config = readConfig({
      ...stage.gateway.environment,
      CEPH_ROLE_ARN: roleArn('BucketOwner'),
      ...environment,
    })
    const aws = createAwsClients(config, () => {})
    clients.push(aws)
    const access = await assumeRoleWithWebIdentity(
      await aws.sts(),
      { ...config.aws, roleSessionSeconds },
      config.providers[0]?.roleArn ?? '',
      {
        person: { providerId: 'ceph', subject: ada.subjects.google },
        webIdentityToken: await stage.gateway.idToken(ada),
      },
    )
    return { aws, access }
  }

  const create = ({ aws, access }: { aws: AwsClients; access: Access }, bucket: string) =>
    aws.withS3(access, undefined, (s3) => s3.send(new CreateBucketCommand({ Bucket: bucket })))

  it('addresses buckets by path, under names that need quoting as well', async () => {
    const { aws, access } = await assume()
    await aws.withS3(access, undefined, async (s3) => {
      const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: 'ada-letters' }))
      expect(Contents?.map(({ Key }) => Key)).toEqual(['to Charles +1.txt'])
      const letter = await s3.send(new GetObjectCommand({ Bucket: 'ada-letters', Key: 'to Charles +1.txt' }))
      expect(await letter.Body?.transformToString()).toBe('Dear …')
    })
  })

  it('may do no more than the session policy allows, whatever its role may', async () => {
    await expect(create(await assume(), 'ada-poems')).rejects.toMatchObject({
      name: 'AccessDenied',
      $metadata: { httpStatusCode: 403 },
    })
    await create(await assume({ SESSION_POLICY: 'none' }), 'ada-poems')
    const { aws, access } = await assume()
    expect((await listBuckets(aws, access)).buckets.map(({ name }) => name)).toEqual([
      'ada-letters',
      'ada-poems',
    ])
  })

  it('has expired, in our words, where the gateway only denies access', async () => {
    const { aws, access } = await assume({}, 5)
    expect(access.expiresAt - access.issuedAt).toBeLessThanOrEqual(5_000)
    expect((await listBuckets(aws, access)).buckets.length).toBeGreaterThan(0)
    const failure = () =>
      listBuckets(aws, access).then(
        () => undefined,
        (error: unknown) => error,
      )
    await expect.poll(failure, { timeout: 20_000, interval: 200 }).toMatchObject({
      code: 'session.expired',
      details: { awsCode: 'AccessDenied', httpStatus: 403 },
    })
  })

  it('tells nothing by success alone: without a signature the list is empty', async () => {
    const nobody = stage.gateway.s3()
    nobody.middlewareStack.remove('httpSigningMiddleware')
    const answer = await nobody.send(new ListBucketsCommand({}))
    expect(answer).toMatchObject({ $metadata: { httpStatusCode: 200 } })
    expect(answer.Buckets ?? []).toEqual([])
  })

  it('must not be named with a +', async () => {
    const named = async (name: string) => {
      const command = new AssumeRoleWithWebIdentityCommand({
        RoleArn: roleArn('BucketReader'),
        RoleSessionName: name,
        WebIdentityToken: await stage.gateway.idToken(ada),
      })
      return stage.gateway.sts().send(command)
    }
    await expect(named('ada=1,@-._')).resolves.toBeDefined()
    await expect(named('ada+1')).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } })
  })
})
