import type { S3Client } from '@aws-sdk/client-s3'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { demoPeople, type Person } from '../../sandbox/identity/people.ts'
import { ada, type TestApplication } from '../application.ts'
import { seen } from '../browser/stage.ts'
import { createBuckets } from './gateway.ts'
import { bucketNames, pressButtons, useStage } from './stage.ts'

const [, misaki, renee] = demoPeople as [Person, Person, Person]

describe('a sign-in with the four variables of a provider', () => {
  const stage = useStage()
  const adasBuckets = ['ada-engine', 'ada-letters', 'ada-notes']
  let application: TestApplication
  let adasOtherClient: S3Client

  beforeAll(async () => {
    application = await stage.startApplication()
    adasOtherClient = await stage.gateway.s3Of(ada)
    await createBuckets(adasOtherClient, adasBuckets)
    await createBuckets(stage.gateway.s3(), ['of-the-operator'])
  })

  const signIn = async (person: Person, where = application): Promise<Page> => {
    const page = await stage.visit(where)
    await pressButtons(page, person)
    return page
  }

  it('shows the buckets that another client of the same person created, and no others', async () => {
    const page = await signIn(ada)
    expect(await bucketNames(page)).toEqual(adasBuckets)
    const text = await seen(page)
    expect(text).toContain('Hello, Ada Example')
    expect(text).toContain('arn:aws:sts:::assumed-role/BucketReader/ada@example.com')
    expect(text).toMatch(/Access left\s+(59 minutes|1 hour)/)
    expect(text).toContain('3 buckets')
  })

  it('shows a bucket that was created in the meantime', async () => {
    const page = await signIn(ada)
    await bucketNames(page)
    await createBuckets(adasOtherClient, ['ada-poems'])
    await page.reload()
    expect(await bucketNames(page)).toEqual([...adasBuckets, 'ada-poems'])
  })

  it('shows all of 230 buckets on one page, since the gateway knows no others', async () => {
    const names = Array.from({ length: 230 }, (_, index) => `misaki-${String(index).padStart(3, '0')}`)
    await createBuckets(await stage.gateway.s3Of(misaki), names)
    const page = await signIn(misaki)
    expect(await bucketNames(page)).toEqual(names)
    expect(await page.getByRole('navigation', { name: 'Pages of buckets' }).count()).toBe(0)
    expect(await page.getByRole('cell').first().textContent()).toBe('unknown')
  })

  it('gives somebody whose address has a + a name that the gateway takes', async () => {
    await createBuckets(await stage.gateway.s3Of(renee), ['renee-drawings'])
    const page = await signIn(renee)
    expect(await bucketNames(page)).toEqual(['renee-drawings'])
    expect(await seen(page)).toMatch(/renee\.ohara-aws@corp\.example-[0-9a-f]{8}/)
  })

  it.each([
    ['named by the subject', { ROLE_SESSION_NAME: 'subject' }],
    ['without a session policy', { SESSION_POLICY: 'none' }],
    ['with white space in the session policy', { SESSION_POLICY: spacious }],
    ['in a region of another name', { AWS_REGION: 'default' }],
  ])('works %s too', async (_circumstance, environment) => {
    const page = await signIn(ada, await stage.startApplication(environment))
    expect(await bucketNames(page)).toEqual(expect.arrayContaining(adasBuckets))
  })

  it('works with a key that the provider has only just begun to use', async () => {
    await stage.gateway.provider.rotateKeys()
    expect(await bucketNames(await signIn(ada))).toEqual(expect.arrayContaining(adasBuckets))
  })
})

describe('a sign-in with a token signed by ES256', () => {
  const stage = useStage({ signatureAlgorithm: 'ES256' })

  it('shows the buckets, too', async () => {
    await createBuckets(await stage.gateway.s3Of(ada), ['ada-curves'])
    const page = await stage.visit(await stage.startApplication())
    await pressButtons(page, ada)
    expect(await bucketNames(page)).toEqual(['ada-curves'])
  })
})

const spacious = JSON.stringify(
  {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' }],
  },
  null,
  2,
)
