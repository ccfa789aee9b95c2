import { describe, expect, it, vi } from 'vitest'
import { answerJson, answerWith, rewriteJson } from '../../sandbox/faults.ts'
import { signIn } from '../application.ts'
import { providerLegs, tryToSignIn } from '../faults/sign-in-legs.ts'
import { faultsIn } from '../faults/upstream-faults.ts'
import { HttpBrowser } from '../http-browser.ts'
import { countOf, gate } from '../sessions/parties.ts'
import {
  alsoStart,
  codeOn,
  expectRefusal,
  expectSignedOut,
  passDeadlines,
  pathsAsked,
  useSituation,
} from './situation.ts'

const situation = useSituation()
const faults = faultsIn.json

describe('an answer that would be right, but for 3 MB too much', () => {
  it.each(providerLegs)("is not read from $provider's $name", async ({ provider, path, person }) => {
    const application = await alsoStart(situation.sandbox)
    const padded = rewriteJson((body) => ({ ...body, padding: 'x'.repeat(3 * 1024 * 1024) }))
    situation.sandbox[provider].faults.plan(path, padded, 9)
    const answer = await tryToSignIn(new HttpBrowser(), application, provider, person)
    expectRefusal(answer, 502, 'provider.answer_invalid')
  })
})

describe('the line of a failure', () => {
  it('tells our status and the provider’s apart', async () => {
    const { sandbox, application } = situation
    sandbox.amazon.faults.plan('/user/profile', answerWith(404), 9)
    expectRefusal(await signIn(new HttpBrowser(), application, 'amazon'), 502, 'provider.answer_invalid')
    sandbox.amazon.faults.clear()
    const failures = application.log.filter(({ code, instruction }) => code && instruction)
    expect(failures.at(-1)).toMatchObject({ status: 502, httpStatus: 404 })
  })
})

describe('a fault that does not last', () => {
  const read = providerLegs.filter(({ name }) => name !== 'token endpoint')

  it.each(read)(
    "of $provider's $name is not noticed: it is asked once more",
    async ({ provider, path, person }) => {
      for (const name of ['closes the connection', 'is unavailable (503)'] as const) {
        const application = await alsoStart(situation.sandbox)
        const before = pathsAsked(situation.sandbox[provider]).filter((one) => one === path).length
        situation.sandbox[provider].faults.plan(path, faults[name], 1)
        expect((await tryToSignIn(new HttpBrowser(), application, provider, person)).status).toBe(303)
        // STS asks Amazon for the token's owner, too.
        expect(pathsAsked(situation.sandbox[provider]).filter((one) => one === path).length).toBeGreaterThan(
          before + 1,
        )
      }
    },
  )
})

describe('a code exchange that failed', () => {
  it.each([
    [2, 'provider.unavailable'],
    [4, 'provider.throttled'],
    [17, 'provider.throttled'],
    [341, 'provider.throttled'],
    [100, 'provider.code_rejected'],
    [102, 'provider.code_rejected'],
    [190, 'provider.code_rejected'],
    [101, 'provider.client_rejected'],
    [999, 'provider.unavailable'],
  ])('at Facebook by the code %i of its Graph API is %s', async (graphCode, code) => {
    const error = { message: 'for tests', type: 'OAuthException', code: graphCode }
    situation.sandbox.facebook.faults.plan('/v26.0/oauth/access_token', answerJson({ error }, 400))
    const { body } = await signIn(new HttpBrowser(), situation.application, 'facebook')
    expect(codeOn(body)).toBe(code)
  })

  it.each([
    ['amazon', '/auth/o2/token'],
    ['google', '/token'],
    ['facebook', '/v26.0/oauth/access_token'],
  ] as const)(
    'since %s answered with a form, as in old versions, is half a session for nobody',
    async (provider, path) => {
      const form = answerWith(
        200,
        'access_token=a-token-of-enough-length&expires_in=3600&token_type=bearer',
        {
          'content-type': 'application/x-www-form-urlencoded',
        },
      )
      situation.sandbox[provider].faults.plan(path, form)
      const browser = new HttpBrowser()
      expectRefusal(await signIn(browser, situation.application, provider), 502, 'provider.answer_invalid')
      await expectSignedOut(browser, situation.application)
    },
  )

  it('with an error named like an inherited property is an answer that makes no sense', async () => {
    situation.sandbox.amazon.faults.plan('/auth/o2/token', answerJson({ error: 'constructor' }, 400))
    const answer = await signIn(new HttpBrowser(), situation.application, 'amazon')
    expectRefusal(answer, 502, 'provider.answer_invalid')
  })

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

describe("Google's metadata, when they come late", () => {
  it('reach whoever waits for them, though the one who asked first has given up', async () => {
    const application = await alsoStart(situation.sandbox)
    const { google } = situation.sandbox
    const path = '/.well-known/openid-configuration'
    const before = countOf(google, path)
    const held = gate()
    google.faults.plan(path, held.fault)
    passDeadlines()
    const hasty = new HttpBrowser().get(`${application.url}/signed-out?provider=google`)
    await held.reached
    const patient = new HttpBrowser().get(`${application.url}/initiateLogin/google`)
    expect((await hasty).status).toBe(200)
    held.open()
    expect((await patient).status).toBe(302)
    expect(countOf(google, path)).toBe(before + 1)
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
