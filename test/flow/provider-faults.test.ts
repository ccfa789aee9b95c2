import { describe, expect, it, vi } from 'vitest'
import { rewriteJson } from '../../sandbox/faults.ts'
import type { LoopbackServer } from '../../sandbox/loopback-server.ts'
import { ada, signIn, type TestApplication } from '../application.ts'
import { type Answer, HttpBrowser } from '../http-browser.ts'
import {
  alsoStart,
  codeOn,
  expectRefusal,
  expectSignedInAs,
  expectSignedOut,
  pathsAsked,
  useSituation,
} from './situation.ts'
import { type FaultName, faultNames, faults, upstreamWord } from './upstream-faults.ts'

const situation = useSituation()

type Provider = 'amazon' | 'google' | 'facebook'

const upstreams: { provider: Provider; name: string; path: string }[] = [
  { provider: 'amazon', name: 'token endpoint', path: '/auth/o2/token' },
  { provider: 'amazon', name: 'tokeninfo', path: '/auth/o2/tokeninfo' },
  { provider: 'amazon', name: 'profile', path: '/user/profile' },
  { provider: 'google', name: 'discovery', path: '/.well-known/openid-configuration' },
  { provider: 'google', name: 'token endpoint', path: '/token' },
  { provider: 'google', name: 'key set', path: '/oauth2/v3/certs' },
  { provider: 'facebook', name: 'token endpoint', path: '/v26.0/oauth/access_token' },
  { provider: 'facebook', name: 'debug_token', path: '/v26.0/debug_token' },
  { provider: 'facebook', name: 'profile', path: '/v26.0/me' },
]

const unreachable = [502, 'provider.unreachable'] as const
const senseless = [502, 'provider.answer_invalid'] as const
const unavailable = [502, 'provider.unavailable'] as const

/** What the person is told. */
const expected: Record<FaultName, readonly [number, string]> = {
  'closes the connection': unreachable,
  'closes the connection in the middle of its answer': unreachable,
  'answers with a page instead of data': senseless,
  'answers with a page labelled as data': senseless,
  'answers with nothing': senseless,
  'answers with half a document': senseless,
  'asks for patience (429)': [503, 'provider.throttled'],
  'has an error (500)': unavailable,
  'has an error in JSON (500)': unavailable,
  'is unavailable (503)': unavailable,
  'does not know the path (404)': senseless,
  'sends 3 MB': senseless,
  'redirects elsewhere': senseless,
  'redirects to itself': senseless,
  'calls its data an image': senseless,
  'never answers': [504, 'provider.timeout'],
}

/** Whatever comes in place of a key set, jose only says that there is none. */
const expectedOf = (name: FaultName, path: string): readonly [number, string] =>
  path === '/oauth2/v3/certs' &&
  expected[name][1].match(/answer_invalid|throttled/) &&
  !shapedLikeJson.includes(name)
    ? unavailable
    : expected[name]
const shapedLikeJson: FaultName[] = ['sends 3 MB', 'calls its data an image']

/** A person's way until it ends, well or not: a provider may fail before or after its own page. */
async function tryToSignIn(
  browser: HttpBrowser,
  application: TestApplication,
  provider: Provider,
): Promise<Answer> {
  const start = await browser.get(`${application.url}/initiateLogin/${provider}`)
  if (start.location === undefined) return start
  return browser.get(await browser.continueAs(ada.subjects[provider], start.location))
}

/** Every deadline of this process passes at once. */
function passDeadlines(): void {
  const timeout = AbortSignal.timeout.bind(AbortSignal)
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((milliseconds) => timeout(Math.min(milliseconds, 150)))
}

describe.each(upstreams)("when $provider's $name", ({ provider, path }) => {
  const server = (): LoopbackServer => situation.sandbox[provider]

  it.each(faultNames)('%s, the person gets a page that says so, and the next sign-in works', async (name) => {
    // A fresh process: what it has learnt of a provider would hide the fault.
    const application = await alsoStart(situation.sandbox)
    const browser = new HttpBrowser()
    const stsCalls = situation.sandbox.sts.exchanges.length
    const before = server().requests.length
    server().faults.plan(path, faults[name], 9)
    if (name === 'never answers') passDeadlines()
    const startedAt = performance.now()
    const answer = await tryToSignIn(browser, application, provider)
    vi.restoreAllMocks()
    expect(performance.now() - startedAt).toBeLessThan(3_000)
    const asked = pathsAsked(server()).slice(before)
    expect(asked.filter((one) => one === path).length).toBeGreaterThanOrEqual(1)
    expect(asked).not.toContain('/elsewhere')

    // What is told by its content, and not by its label, is as good as ever.
    if (name === 'calls its data an image' && answer.status === 303) return
    expectRefusal(answer, ...expectedOf(name, path))
    expect(answer.body).not.toContain(upstreamWord)
    expect(situation.sandbox.sts.exchanges.length).toBe(stsCalls)
    await expectSignedOut(browser, application)

    server().faults.clear()
    expect((await tryToSignIn(browser, application, provider)).status).toBe(303)
    await expectSignedInAs('Ada Example', browser, application)
  })
})

describe('an answer that would be right, but for 3 MB too much', () => {
  it.each(upstreams)("is not read from $provider's $name", async ({ provider, path }) => {
    const application = await alsoStart(situation.sandbox)
    const padded = rewriteJson((body) => ({ ...body, padding: 'x'.repeat(3 * 1024 * 1024) }))
    situation.sandbox[provider].faults.plan(path, padded, 9)
    expectRefusal(await tryToSignIn(new HttpBrowser(), application, provider), 502, 'provider.answer_invalid')
  })
})

describe('a fault that does not last', () => {
  const read = upstreams.filter(({ name }) => name !== 'token endpoint')

  it.each(read)("of $provider's $name is not noticed: it is asked once more", async ({ provider, path }) => {
    for (const name of ['closes the connection', 'is unavailable (503)'] as const) {
      const application = await alsoStart(situation.sandbox)
      const before = pathsAsked(situation.sandbox[provider]).filter((one) => one === path).length
      situation.sandbox[provider].faults.plan(path, faults[name], 1)
      expect((await tryToSignIn(new HttpBrowser(), application, provider)).status).toBe(303)
      // STS asks Amazon for the token's owner, too.
      expect(pathsAsked(situation.sandbox[provider]).filter((one) => one === path).length).toBeGreaterThan(
        before + 1,
      )
    }
  })
})

describe('a code exchange that failed', () => {
  it.each(['amazon', 'google', 'facebook'] as const)(
    'at %s is never tried a second time',
    async (provider) => {
      const path = { amazon: '/auth/o2/token', google: '/token', facebook: '/v26.0/oauth/access_token' }[
        provider
      ]
      for (const name of [
        'closes the connection',
        'is unavailable (503)',
        'asks for patience (429)',
      ] as const) {
        const server = situation.sandbox[provider]
        server.faults.plan(path, faults[name], 9)
        const before = pathsAsked(server).filter((one) => one === path).length
        await tryToSignIn(new HttpBrowser(), situation.application, provider)
        expect(pathsAsked(server).filter((one) => one === path).length).toBe(before + 1)
        server.faults.clear()
      }
    },
  )
})

describe('when Google cannot be reached at all', () => {
  it('the login page has its buttons, Amazon and Facebook work, and Google does again without a restart', async () => {
    const application = await alsoStart(situation.sandbox)
    const { google } = situation.sandbox
    google.faults.plan(
      '/.well-known/openid-configuration',
      faults['closes the connection'],
      Number.POSITIVE_INFINITY,
    )
    const login = await new HttpBrowser().get(application.url)
    expect(login.status).toBe(200)
    for (const name of ['amazon', 'google', 'facebook'])
      expect(login.body).toContain(`href="/initiateLogin/${name}"`)
    for (const _ of [1, 2]) {
      const answer = await new HttpBrowser().get(`${application.url}/initiateLogin/google`)
      expectRefusal(answer, 502, 'provider.unreachable')
      expect(answer.headers.get('set-cookie')).toBeNull()
    }
    expect((await signIn(new HttpBrowser(), application, 'amazon')).status).toBe(303)
    expect((await signIn(new HttpBrowser(), application, 'facebook')).status).toBe(303)
    google.faults.clear()
    expect((await signIn(new HttpBrowser(), application, 'google')).status).toBe(303)
  })

  it('the process that hangs on Google serves everybody else meanwhile', async () => {
    const application = await alsoStart(situation.sandbox)
    const { google } = situation.sandbox
    google.faults.plan('/.well-known/openid-configuration', faults['never answers'], 20)
    passDeadlines()
    const waiting = Array.from({ length: 20 }, () =>
      new HttpBrowser().get(`${application.url}/initiateLogin/google`),
    )
    expect((await new HttpBrowser().get(`${application.url}/initiateLogin/amazon`)).status).toBe(302)
    expect((await new HttpBrowser().get(application.url)).status).toBe(200)
    const codes = (await Promise.all(waiting)).map(({ body }) => codeOn(body))
    vi.restoreAllMocks()
    expect(new Set(codes)).toEqual(new Set(['provider.timeout']))
  })
})

describe('a provider that knows us no longer', () => {
  it.each([
    ['amazon', { AMAZON_APP_SECRET: 'rotated-and-forgotten' }],
    ['google', { GOOGLE_APP_SECRET: 'rotated-and-forgotten' }],
  ] as const)('%s is reported as a matter for the operator', async (provider, environment) => {
    const application = await alsoStart(situation.sandbox, environment)
    const answer = await tryToSignIn(new HttpBrowser(), application, provider)
    expectRefusal(answer, 502, 'provider.client_rejected')
    const line = application.log.find((one) => 'instruction' in one)
    expect(line).toMatchObject({
      level: 'error',
      code: 'provider.client_rejected',
      provider,
      requestId: answer.headers.get('x-request-id'),
    })
  })

  it('facebook, which does not say what is wrong, ends in an error page too', async () => {
    const application = await alsoStart(situation.sandbox, { FACEBOOK_APP_SECRET: 'rotated-and-forgotten' })
    const { status, body } = await tryToSignIn(new HttpBrowser(), application, 'facebook')
    expect({ status, code: codeOn(body)?.split('.')[0] }).toEqual({ status: 502, code: 'provider' })
  })
})
