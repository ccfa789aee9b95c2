import request from 'supertest'
import { describe, expect, it, vi } from 'vitest'
import { answerJson, answerWith, rewriteJson } from '../../sandbox/faults.ts'
import { ada, signIn, signInUpToCallback } from '../application.ts'
import { faultsIn } from '../faults/upstream-faults.ts'
import { HttpBrowser } from '../http-browser.ts'
import {
  alsoStart,
  askForBuckets,
  codeOn,
  cookieNamed,
  expectRefusal,
  expectSignedInAs,
  expectSignedOut,
  laterBy,
  queryOf,
  useSituation,
} from './situation.ts'

vi.stubEnv('AWS_MAX_ATTEMPTS', '1')
const situation = useSituation()
type Provider = 'amazon' | 'google' | 'facebook'
const providers = ['amazon', 'google', 'facebook'] as const

describe('the security headers before a host is known', () => {
  it.each([
    ['a malformed Host', '/', 400, { Host: 'a_b' }],
    ['a foreign Host', '/', 421, { Host: 'evil.example' }],
    ['the health check', '/healthz', 200, { Host: 'evil.example' }],
  ] as const)('stand on the answer to %s', async (_title, path, status, headers) => {
    const application = await alsoStart(situation.sandbox, { PUBLIC_URL: 'https://buckets.example' })
    const answer = await request(application.server)
      .get(path)
      .set({ Accept: 'text/html', ...headers })
    expect(answer.status).toBe(status)
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'")
    expect(answer.headers['x-content-type-options']).toBe('nosniff')
  })
})

describe('names of inherited properties', () => {
  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'as an error of the redirect: %s',
    async (error) => {
      const browser = new HttpBrowser()
      const { url } = situation.application
      const { state = '' } = queryOf((await browser.get(`${url}/initiateLogin/amazon`)).location)
      const answer = await browser.get(
        `${url}/oauth2callback/amazon?${new URLSearchParams({ error, state })}`,
      )
      expectRefusal(answer, 400, 'provider.refused')
    },
  )
  it('as an error of the token endpoint', async () => {
    situation.sandbox.amazon.faults.plan('/auth/o2/token', answerJson({ error: 'constructor' }, 400))
    expectRefusal(
      await signIn(new HttpBrowser(), situation.application, 'amazon'),
      502,
      'provider.answer_invalid',
    )
  })
  it('as a code of STS', async () => {
    const xml = '<ErrorResponse><Error><Code>constructor</Code><Message>x</Message></Error></ErrorResponse>'
    situation.sandbox.sts.faults.plan('/', answerWith(400, xml, { 'content-type': 'text/xml' }))
    expectRefusal(
      await signIn(new HttpBrowser(), situation.application, 'amazon'),
      502,
      'federation.answer_invalid',
    )
  })
  it('as a code of S3', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, situation.application, 'amazon')
    situation.sandbox.s3.faults.plan('/', answerWith(400, '<Error><Code>constructor</Code></Error>'))
    expectRefusal(await askForBuckets(browser, situation.application), 502, 's3.unavailable')
  })
})

describe('the code in GET /oauth2callback/:provider', () => {
  const changed = async (provider: Provider, change: (url: URL) => void) => {
    const browser = new HttpBrowser()
    const callback = await signInUpToCallback(browser, situation.application, provider, ada)
    change(callback)
    const exchanges = situation.sandbox.sts.exchanges.length
    const page = await browser.get(callback)
    expect(situation.sandbox.sts.exchanges.length).toBe(exchanges)
    await expectSignedOut(browser, situation.application)
    return page
  }

  const malformed: [title: string, change: (url: URL) => void][] = [
    ['missing', (url) => url.searchParams.delete('code')],
    ['empty', (url) => url.searchParams.set('code', '')],
    ['given twice', (url) => url.searchParams.append('code', queryOf(url).code ?? '')],
    [
      'an array',
      (url) => {
        url.searchParams.set('code[]', queryOf(url).code ?? '')
        url.searchParams.delete('code')
      },
    ],
  ]
  it.each(malformed)('%s is a malformed request', async (_title, change) => {
    for (const provider of ['amazon', 'google', 'facebook'] as const) {
      expectRefusal(await changed(provider, change), 400, 'request.malformed')
    }
  })

  it('beside another issuer (RFC 9207) is refused', async () => {
    const page = await changed('google', (url) => url.searchParams.set('iss', 'https://evil.example'))
    expect([400, 403]).toContain(page.status)
  })

  it('beside parameters of other response types is refused or taken without them', async () => {
    for (const name of ['response', 'id_token', 'access_token', 'token', 'error_code', 'session_state']) {
      const browser = new HttpBrowser()
      const callback = await signInUpToCallback(browser, situation.application, 'google')
      callback.searchParams.set(name, 'eyJhbGciOiJub25lIn0.e30.')
      const { status } = await browser.get(callback)
      expect({ name, status: [303, 400, 403].includes(status) ? 'fine' : status }).toEqual({
        name,
        status: 'fine',
      })
    }
  })
})

describe('a connection that breaks', () => {
  it('at STS is unreachable, not late', async () => {
    situation.sandbox.sts.faults.plan('/', faultsIn.xml['closes the connection'], 9)
    expectRefusal(
      await signIn(new HttpBrowser(), situation.application, 'amazon'),
      502,
      'federation.unreachable',
    )
  })
  it('at S3 is unreachable, not late', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, situation.application, 'facebook')
    situation.sandbox.s3.faults.plan('/', faultsIn.xml['closes the connection'], 9)
    expectRefusal(await askForBuckets(browser, situation.application), 502, 's3.unreachable')
  })
})

describe('the callback of somebody who was idle for more than an hour', () => {
  it.each(providers)('of %s signs in again', async (provider) => {
    const browser = new HttpBrowser()
    await signIn(browser, situation.application, provider)
    const before = cookieNamed(browser, 'session')
    browser.cookies = browser.cookies.filter(({ name }) => name !== 'seen')
    expect((await signIn(browser, situation.application, provider)).status).toBe(303)
    expect(cookieNamed(browser, 'session')).not.toBe(before)
    await expectSignedInAs('Ada Example', browser, situation.application)
  })
  it('by the clock', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, situation.application, 'amazon')
    laterBy(61 * 60_000)
    expect((await signIn(browser, situation.application, 'amazon')).status).toBe(303)
  })
})

describe('S3 answers 200 with', () => {
  it.each([
    'answers with a page instead of data',
    'answers with a page labelled as data',
    'answers with nothing',
  ] as const)('something that is no list: %s', async (name) => {
    const browser = new HttpBrowser()
    await signIn(browser, situation.application, 'facebook')
    situation.sandbox.s3.faults.plan('/', faultsIn.xml[name], 9)
    const answer = await askForBuckets(browser, situation.application)
    expect({ status: answer.status, code: codeOn(answer.body) }).toEqual({
      status: 502,
      code: 's3.unavailable',
    })
  })
})

describe('the e-mail address in a message of S3', () => {
  it('does not reach the log', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, situation.application, 'facebook')
    const message = `User: arn:aws:sts::123456789012:assumed-role/web-identity-facebook/${ada.email} is not authorized to perform: s3:ListAllMyBuckets`
    situation.sandbox.s3.faults.plan(
      '/',
      answerWith(403, `<Error><Code>AccessDenied</Code><Message>${message}</Message></Error>`),
    )
    await askForBuckets(browser, situation.application)
    const lines = situation.application.log.map(({ roleSessionName: _, ...line }) => JSON.stringify(line))
    expect(lines.filter((line) => line.includes(String(ada.email)))).toEqual([])
  })
})

describe('what a provider disowns', () => {
  it("a Facebook token of another application, at Facebook's own word", async () => {
    const foreign = situation.sandbox.facebook.issueAccessToken(ada, { appId: '999' })
    situation.sandbox.facebook.faults.plan(
      '/v26.0/oauth/access_token',
      rewriteJson((body) => ({ ...body, access_token: foreign })),
    )
    expectRefusal(
      await signIn(new HttpBrowser(), situation.application, 'facebook'),
      403,
      'provider.token_invalid',
    )
  })
  it('a made-up token of an implicit grant', async () => {
    const application = await alsoStart(situation.sandbox, { AMAZON_GRANT: 'implicit' })
    const browser = new HttpBrowser()
    const { location } = await browser.get(`${application.url}/initiateLogin/amazon`)
    const form = { access_token: 'Atza|made-up', state: queryOf(location).state ?? '' }
    expectRefusal(
      await browser.post(`${application.url}/oauth2callback/amazon`, form),
      403,
      'provider.token_invalid',
    )
  })
  it('an ID token with an empty subject', async () => {
    const { application, sandbox } = situation
    const browser = new HttpBrowser()
    const { location } = await browser.get(`${application.url}/initiateLogin/google`)
    const { nonce } = queryOf(location)
    const idToken = await sandbox.google.signIdToken({ ...sandbox.google.idTokenClaims(ada), nonce, sub: '' })
    sandbox.google.faults.plan(
      '/token',
      rewriteJson((body) => ({ ...body, id_token: idToken })),
    )
    const before = sandbox.sts.exchanges.length
    const answer = await browser.get(await browser.continueAs(ada.subjects.google, location ?? ''))
    expect(sandbox.sts.exchanges.length).toBe(before)
    expect(answer.status).toBe(403)
  })
  it('a double click: both at once', async () => {
    const browser = new HttpBrowser()
    const callback = await signInUpToCallback(browser, situation.application, 'amazon')
    const twin = new HttpBrowser()
    twin.cookies = [...browser.cookies]
    const answers = await Promise.all([browser.get(callback), twin.get(callback)])
    expect(answers.map(({ status }) => status)).toEqual([303, 303])
  })
})
