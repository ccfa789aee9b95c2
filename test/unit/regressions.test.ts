import { STSClient } from '@aws-sdk/client-sts'
import { ResponseBodyError } from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answerWith, resetConnection } from '../../sandbox/faults.ts'
import { listenOnLoopback } from '../../sandbox/loopback-server.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { ConfigError, readConfig } from '../../src/config.ts'
import { assumeRoleWithWebIdentity } from '../../src/federation/assume-role-with-web-identity.ts'
import { createHttpClient } from '../../src/http-client.ts'
import { safePictureUrl } from '../../src/login/providers/picture-url.ts'
import { toProviderError } from '../../src/login/providers/provider-error.ts'
import { returnPath } from '../../src/login/return-path.ts'
import { createLog } from '../../src/observe/log.ts'
import { redactor } from '../../src/observe/redact.ts'
import { toS3Error } from '../../src/s3/s3-error.ts'
import { SealedStore } from '../../src/session/sealed-store.ts'
import { Sealer } from '../../src/session/sealing.ts'
import { sqliteStore } from '../../src/session/stores/sqlite.ts'
import { startApplication, type TestApplication } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'

const problems = (env: Record<string, string>) => {
  try {
    readConfig(env)
    return []
  } catch (e) {
    if (e instanceof ConfigError) return e.problems.map((p) => p.variable)
    throw e
  }
}

describe('config', () => {
  it.each(['canary', 'https://', '/path', 'https://exa mple.org'])('names PUBLIC_URL=%s', (v) =>
    expect(problems({ PUBLIC_URL: v })).toEqual(['PUBLIC_URL']),
  )
  it('refuses a path behind an international host', () =>
    expect(problems({ PUBLIC_URL: 'https://ä.example/path' })).toEqual(['PUBLIC_URL']))
  it.each(['https://example.org:443', 'https://[::ffff:10.0.0.1]', 'https://EXAMPLE.org/'])('takes %s', (v) =>
    expect(problems({ PUBLIC_URL: v })).toEqual([]),
  )
  it.each(['10.0.0.0/33', '0.0.0.0/0', '::/129', '10.0.0.0/0'])(
    'TRUST_PROXY=%s never reaches Express',
    (v) => {
      expect(problems({ TRUST_PROXY: v })).toEqual(['TRUST_PROXY'])
    },
  )
  it('refuses Statement null', () =>
    expect(problems({ SESSION_POLICY: '{"Statement":null}' })).toEqual(['SESSION_POLICY']))
  it('refuses a query in a base', () =>
    expect(
      readConfig({
        AMAZON_APP_ID: 'a',
        AMAZON_APP_SECRET: 'b',
        AMAZON_ROLE_ARN: 'arn:aws:iam:::role/x',
        AMAZON_API_URL: 'https://a.example/?q=1',
      }).providers,
    ).toEqual([]))
  it('refuses a query in an issuer', () =>
    expect(
      readConfig({
        GOOGLE_APP_ID: 'a',
        GOOGLE_APP_SECRET: 'b',
        GOOGLE_ROLE_ARN: 'arn:aws:iam:::role/x',
        GOOGLE_ISSUER: 'https://a.example/?q=1',
      }).providers,
    ).toEqual([]))
  it('replacement-7 is no placeholder', () =>
    expect(
      readConfig({
        AMAZON_APP_ID: 'replacement-7',
        AMAZON_APP_SECRET: 'b',
        AMAZON_ROLE_ARN: 'arn:aws:iam:::role/x',
      }).providers,
    ).toHaveLength(1))
})

describe('tables looked up by foreign words', () => {
  it.each(['constructor', '__proto__', 'toString'])('provider %s', (word) => {
    const cause = new ResponseBodyError('w', {
      cause: { error: word },
      response: new Response(null, { status: 400 }),
    })
    expect(toProviderError(cause, 'google')).toMatchObject({ code: 'provider.answer_invalid', status: 502 })
  })
  it.each(['constructor', '__proto__', 'toString'])('s3 %s', (Code) =>
    expect(toS3Error({ Code, $metadata: { httpStatusCode: 400 } }).code).toBe('s3.unavailable'),
  )
  it.each(['constructor', '__proto__'])('sts %s', async (word) => {
    const s = await listenOnLoopback((_q, r) => r.end())
    s.faults.plan(
      '/',
      answerWith(400, `<ErrorResponse><Error><Code>${word}</Code></Error></ErrorResponse>`, {
        'content-type': 'text/xml',
      }),
    )
    const sts = new STSClient({ region: 'us-east-1', endpoint: s.url, maxAttempts: 1 })
    const e = await assumeRoleWithWebIdentity(
      sts,
      { roleSessionSeconds: 900, roleSessionName: 'email', sessionPolicy: undefined },
      'arn:aws:iam:::role/x',
      { person: { providerId: 'a', subject: 's1' }, webIdentityToken: 'tttt' },
    ).catch((x: unknown) => x)
    await s.close()
    expect(e).toMatchObject({ code: 'federation.answer_invalid' })
  })
  let sandbox: Sandbox
  let app: TestApplication
  beforeAll(async () => {
    sandbox = await startSandbox()
    app = await startApplication(sandbox.environment)
    sandbox.registerApplication(app.url)
  })
  afterAll(async () => {
    await app.close()
    await sandbox.close()
  })
  it.each(['constructor', '__proto__'])('callback error=%s', async (word) => {
    const b = new HttpBrowser()
    const start = await b.get(`${app.url}/initiateLogin/amazon`)
    const state = new URL(start.location ?? '').searchParams.get('state')
    const answer = await b.get(`${app.url}/oauth2callback/amazon?state=${state}&error=${word}`)
    expect(answer.body).not.toMatch(/at .*\.ts:/)
    expect(answer.status).toBe(400)
  })
})

describe('transport', () => {
  it('a closed connection to STS is unreachable, not a time-out', async () => {
    const s = await listenOnLoopback((_q, r) => r.end())
    s.faults.plan('/', resetConnection)
    const sts = new STSClient({ region: 'us-east-1', endpoint: s.url, maxAttempts: 1 })
    const e = await assumeRoleWithWebIdentity(
      sts,
      { roleSessionSeconds: 900, roleSessionName: 'email', sessionPolicy: undefined },
      'arn:aws:iam:::role/x',
      { person: { providerId: 'a', subject: 's1' }, webIdentityToken: 'tttt' },
    ).catch((x: unknown) => x)
    await s.close()
    expect(e).toMatchObject({ code: 'federation.unreachable' })
  })
  it('205 with a body', async () => {
    const s = await listenOnLoopback((_q, r) => r.end())
    s.faults.plan('/', answerWith(205, '{"a":1}'))
    const c = createHttpClient(() => {})
    const r = await c.fetch(s.url).then(
      (a) => a.status,
      (e: unknown) => toProviderError(e, 'google'),
    )
    await s.close()
    await c.close()
    expect(typeof r === 'number' || (r as { code?: string }).code === 'provider.answer_invalid').toBe(true)
  })
  it('close after an impossible status with an unread body', async () => {
    const s = await listenOnLoopback((_q, r) => r.end())
    s.faults.plan('/', (_q, r) => {
      r.writeHead(999, { 'content-length': 10_000_000 })
      r.write(Buffer.alloc(2_000_000))
    })
    const c = createHttpClient(() => {})
    await c.fetch(s.url).catch(() => {})
    const closed = await Promise.race([
      c.close().then(() => true),
      new Promise((r) => setTimeout(r, 1500, false)),
    ])
    await s.close()
    expect(closed).toBe(true)
  })
})

it('return path stays within its limit after normalisation', () => {
  expect(returnPath(`/s3/${'<'.repeat(508)}`).length).toBeLessThanOrEqual(512)
})
it.each(['https://*.com/x', 'https://a;b.example.com/x', 'https://a,b.com/x', "https://a'b.com/x"])(
  'picture of %s',
  (p) => expect(safePictureUrl(p)).toBeUndefined(),
)
it('logs an error without a message without its secrets', () => {
  const lines: string[] = []
  const log = createLog('debug', ['canary-secret'], { write: (l) => void lines.push(l) })
  log.error(new Error('canary-secret'))
  log.error({ err: new Error('canary-secret') })
  expect(lines.join('')).not.toContain('canary-secret')
})
it('blanks JSON members and encoded secrets', () => {
  expect(redactor([])('{"access_token":"canary-opaque","token_type":"bearer"}')).not.toContain(
    'canary-opaque',
  )
  expect(redactor(['a secret+with/'])(encodeURIComponent('a secret+with/'))).not.toContain('with')
})
describe('doOnce where the store dies after the work', () => {
  it('hands out the result', async () => {
    const engine = sqliteStore(':memory:')
    const broken = { ...engine, replace: () => Promise.reject(new Error('gone')) }
    const s = new SealedStore(broken, new Sealer(['x'.repeat(20)]), createLog('silent', []))
    expect(await s.doOnce({ name: 'n', secret: 's', patienceMs: 0 }, async () => 'result')).toBe('result')
  })
  it('names the store while waiting', async () => {
    const engine = sqliteStore(':memory:')
    const broken = { ...engine, add: async () => false, get: () => Promise.reject(new Error('gone')) }
    const s = new SealedStore(broken, new Sealer(['x'.repeat(20)]), createLog('silent', []))
    await expect(
      s.doOnce({ name: 'n', secret: 's', patienceMs: 0 }, async () => 'result'),
    ).rejects.toMatchObject({ code: 'session.store_unavailable' })
  })
})
