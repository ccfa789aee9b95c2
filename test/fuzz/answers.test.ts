import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { S3Client } from '@aws-sdk/client-s3'
import { STSClient } from '@aws-sdk/client-sts'
import type { SessionData } from 'express-session'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AwsClients } from '../../src/aws-client.ts'
import type { ProviderSettings } from '../../src/config.ts'
import { AppError } from '../../src/errors.ts'
import { assumeRoleWithWebIdentity } from '../../src/federation/assume-role-with-web-identity.ts'
import { createHttpClient, type HttpClient } from '../../src/http-client.ts'
import { createProvider } from '../../src/login/providers/index.ts'
import { createLog } from '../../src/observe/log.ts'
import { listBuckets } from '../../src/s3/list-buckets.ts'
import { SealedStore } from '../../src/session/sealed-store.ts'
import { Sealer } from '../../src/session/sealing.ts'
import type { SessionStore, StoredRecord } from '../../src/session/stores/session-store.ts'
import { sqliteStore } from '../../src/session/stores/sqlite.ts'
import { fuzz, mutated } from './fuzz.ts'

/** What came of `work`; expects of a failure that it has a name, and one of these stages. */
async function outcomeOf<T>(work: () => Promise<T>, stages: RegExp): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    expect(error).toBeInstanceOf(AppError)
    expect((error as AppError).code).toMatch(stages)
    return undefined
  }
}

/** A connection to AWS over which this comes back. */
const answering = (statusCode: number, xml: string) => ({
  handle: async () => ({ response: { statusCode, headers: {}, body: Readable.from([Buffer.from(xml)]) } }),
})
const credentials = { accessKeyId: 'ASIA', secretAccessKey: 'secret', sessionToken: 'token' }
const client = { region: 'us-east-1', maxAttempts: 1, credentials }
const status = fc.constantFrom(200, 200, 200, 204, 302, 400, 403, 404, 429, 500, 503)
const failure = '<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>'
const bomb = `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>${'&b;'.repeat(50)}</x>`

describe('an answer of STS that is not as it should be', () => {
  const good = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><SubjectFromWebIdentityToken>s1</SubjectFromWebIdentityToken><AssumedRoleUser><AssumedRoleId>AROA:n</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/r/n</Arn></AssumedRoleUser><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`
  const settings = { roleSessionSeconds: 900, roleSessionName: 'subject', sessionPolicy: undefined } as const
  const assume = (statusCode: number, xml: string) =>
    assumeRoleWithWebIdentity(
      new STSClient({ ...client, requestHandler: answering(statusCode, xml) }),
      settings,
      'arn:aws:iam::123456789012:role/r',
      { person: { providerId: 'amazon', subject: 's1' }, webIdentityToken: 'token-token' },
    )

  it('gives whole credentials or a named refusal', async () => {
    expect(await assume(200, good)).toMatchObject({ accessKeyId: 'ASIA', expiresAt: Date.UTC(2030, 0, 1) })
    const xml = fc.oneof(mutated(good), mutated(failure), fc.constant(bomb), fc.string({ unit: 'binary' }))
    await fuzz(
      'STS XML',
      fc.asyncProperty(status, xml, async (statusCode, text) => {
        const access = await outcomeOf(() => assume(statusCode, text), /^federation\./)
        if (access === undefined) return
        for (const part of [access.accessKeyId, access.secretAccessKey, access.sessionToken])
          expect(part).toMatch(/./s)
        expect(access.expiresAt).not.toBeNaN()
      }),
    )
  })
})

describe('an answer of S3 that is not as it should be', () => {
  const good = `<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Buckets><Bucket><Name>one</Name><CreationDate>2020-01-01T00:00:00Z</CreationDate><BucketRegion>eu-west-1</BucketRegion></Bucket><Bucket><Name>two</Name></Bucket></Buckets><ContinuationToken>next</ContinuationToken></ListAllMyBucketsResult>`
  const access = {
    ...credentials,
    issuedAt: 0,
    expiresAt: Date.UTC(2030, 0, 1),
    roleArn: '',
    assumedRoleArn: '',
    roleSessionName: '',
  }
  const list = (statusCode: number, xml: string) => {
    const s3 = new S3Client({ ...client, requestHandler: answering(statusCode, xml) })
    const aws: AwsClients = {
      sts: new STSClient(client),
      withS3: (_access, _region, work) => work(s3),
      destroy() {},
    }
    return listBuckets(aws, access)
  }

  it('gives a list of names or a named refusal', async () => {
    expect((await list(200, good)).buckets.map(({ name }) => name)).toEqual(['one', 'two'])
    const xml = fc.oneof(mutated(good), mutated(failure), fc.constant(bomb), fc.string({ unit: 'binary' }))
    await fuzz(
      'S3 XML',
      fc.asyncProperty(status, xml, async (statusCode, text) => {
        const page = await outcomeOf(() => list(statusCode, text), /^(s3|session)\./)
        for (const { name } of page?.buckets ?? []) expect(name).toBeTypeOf('string')
      }),
    )
  })
})

describe('what Amazon and Facebook say of a person', () => {
  const common = { clientId: '123456', clientSecret: 'secret', roleArn: 'arn:aws:iam::123456789012:role/r' }
  const providers: { settings: ProviderSettings; truth: Record<string, unknown> }[] = [
    {
      settings: {
        ...common,
        id: 'amazon',
        kind: 'amazon',
        apiUrl: 'https://api.amazon.com',
        authorizeUrl: '',
      },
      truth: {
        '/auth/o2/tokeninfo': { aud: '123456', iss: 'https://www.amazon.com', user_id: 'u1', app_id: 'a1' },
        '/user/profile': { user_id: 'u1', name: 'Ada', email: 'ada@example.com' },
      },
    },
    {
      settings: { ...common, id: 'facebook', kind: 'facebook', graphUrl: 'https://graph.facebook.com/v26.0' },
      truth: {
        '/v26.0/debug_token': { data: { app_id: '123456', is_valid: true, type: 'USER', user_id: 'u1' } },
        '/v26.0/me': { id: 'u1', name: 'Ada', picture: { data: { url: 'https://x.fbcdn.net/a.jpg' } } },
      },
    },
  ]
  const identify = ({ settings, truth }: (typeof providers)[number], lies: Record<string, string>) => {
    const request: HttpClient['request'] = async (url) => {
      const { pathname } = new URL(url)
      const body = Buffer.from(lies[pathname] ?? JSON.stringify(truth[pathname]))
      return { status: 200, headers: {}, body }
    }
    const provider = createProvider(settings, { ...createHttpClient(() => {}), request })
    return provider.identify({ accessToken: 'token' })
  }

  it.each(providers)('$settings.id: names the person whom the token is for, or is refused', async (one) => {
    expect((await identify(one, {})).person.subject).toBe('u1')
    const paths = Object.keys(one.truth)
    const answers = fc.record(
      Object.fromEntries(
        paths.map((path) => [path, fc.oneof(mutated(JSON.stringify(one.truth[path])), fc.json())]),
      ),
      { requiredKeys: [] },
    )
    await fuzz(
      `${one.settings.id} JSON`,
      fc.asyncProperty(answers, async (lies) => {
        const identity = await outcomeOf(() => identify(one, lies as Record<string, string>), /^provider\./)
        if (identity === undefined) return
        expect(identity.person.subject).toMatch(/./s)
        const text = [identity.person.name, identity.person.email, identity.person.pictureUrl]
        for (const value of text) expect(['string', 'undefined']).toContain(typeof value)
      }),
    )
  })
})

describe('a session record that somebody else wrote', () => {
  it('opens as nothing, and breaks nothing', async () => {
    let kept: StoredRecord | undefined
    const store: SessionStore = {
      ...sqliteStore(':memory:'),
      get: async () => kept,
      set: async (_id, record) => {
        kept = record
      },
    }
    const sessions = new SealedStore(store, new Sealer(['a secret of sixteen']), createLog('silent', []))
    const read = promisify<string, SessionData | null | undefined>(sessions.get.bind(sessions))
    const cookie = { expires: new Date(Date.now() + 60_000), originalMaxAge: 60_000 }
    await new Promise((resolve) => sessions.set('id', { cookie } as SessionData, resolve))
    const { sealed = '' } = kept ?? {}
    expect(await read('id')).toMatchObject({ cookie: {} })
    const forged = fc.oneof(mutated(sealed), fc.string({ unit: 'binary' }), fc.base64String())
    await fuzz(
      'session records',
      fc.asyncProperty(forged, async (text) => {
        kept = { sealed: text, expiresAt: Date.now() + 60_000 }
        const opened = await read('id')
        // Base64url has more than one spelling: what is the same bytes is the same record.
        const same = Buffer.from(text, 'base64url').equals(Buffer.from(sealed, 'base64url'))
        expect(opened === null).toBe(!same)
      }),
    )
  })
})
