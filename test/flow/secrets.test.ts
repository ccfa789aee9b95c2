import { beforeAll, describe, expect, it } from 'vitest'
import { answerJson, answerWith, type Fault, rewriteJson } from '../../sandbox/faults.ts'
import { demoPeople, type Person } from '../../sandbox/identity/people.ts'
import { ada, signIn, signInUpToCallback, testSecret } from '../application.ts'
import { type Answer, HttpBrowser } from '../http-browser.ts'
import { canaries, found, plant } from './canaries.ts'
import { alsoStart, cookieNamed, keepForm, queryOf, useSituation } from './situation.ts'

const situation = useSituation({ LOG_LEVEL: 'debug' })
const renee = demoPeople[2] as Person
const providers = ['amazon', 'google', 'facebook'] as const

/** A browser that keeps every answer of the application. */
class Witness extends HttpBrowser {
  static answers: { url: string; answer: Answer }[] = []

  override async get(...request: Parameters<HttpBrowser['get']>): Promise<Answer> {
    return this.#keep(request[0], await super.get(...request))
  }

  override async post(...request: Parameters<HttpBrowser['post']>): Promise<Answer> {
    return this.#keep(request[0], await super.post(...request))
  }

  #keep(url: string | URL, answer: Answer): Answer {
    if (String(url).startsWith(situation.application.url)) Witness.answers.push({ url: String(url), answer })
    return answer
  }
}

const keepTokens = rewriteJson((body) => {
  plant('token of a provider', body.access_token, body.refresh_token, body.id_token)
  return body
})

const tokenPaths = { amazon: '/auth/o2/token', google: '/token', facebook: '/v26.0/oauth/access_token' }

/** The same, after a look at the form that asks for them. */
const keepVerifierAndTokens: Fault = (req, res, answer) => {
  const forms: URLSearchParams[] = []
  keepForm(forms)(req, res, () => keepTokens(req, res, answer))
  req.on('end', () => plant('PKCE verifier', forms[0]?.get('code_verifier')))
}

async function succeed(provider: (typeof providers)[number], person: Person) {
  const { sandbox, application } = situation
  const browser = new Witness()
  sandbox[provider].faults.plan(tokenPaths[provider], keepVerifierAndTokens)
  const callback = await signInUpToCallback(browser, application, provider, person)
  plant('authorization code', queryOf(callback).code)
  plant(
    'cookie',
    ...browser.cookies.filter(({ origin }) => origin === application.url).map(({ value }) => value),
  )
  await browser.get(callback)
  plant('cookie', cookieNamed(browser, 'session'), decodeURIComponent(cookieNamed(browser, 'session') ?? ''))
  const { body } = await browser.get(`${application.url}/s3/`)
  const caller = sandbox.sessions.find(/ASIA[A-Z2-7]{16}/.exec(body)?.[0] ?? '')
  plant('AWS secret key', caller?.secretAccessKey)
  plant('AWS session token', caller && 'sessionToken' in caller ? caller.sessionToken : '')
  for (const path of ['/flow', '/flow?format=json']) await browser.get(application.url + path)
  await browser.get(callback)
  return { browser, callback, csrf: /name="csrf" value="([^"]+)"/.exec(body)?.[1] ?? '' }
}

/** Everything that may go wrong with secrets at hand. */
async function failInManyWays() {
  const { sandbox, application } = situation
  const echo = answerWith(
    400,
    `{"error":"invalid_grant","error_description":"code ${canaries.map(({ value }) => value).join(' ')}"}`,
    {
      'content-type': 'application/json',
    },
  )
  const html = answerWith(500, `<h1>${canaries.map(({ value }) => value).join(' ')}</h1>`, {
    'content-type': 'text/html',
  })
  const broken = answerWith(200, `{"access_token":"${canaries[0]?.value}`, {
    'content-type': 'application/json',
  })
  const paths = {
    amazon: ['/auth/o2/token', '/auth/o2/tokeninfo', '/user/profile'],
    google: ['/token'],
    facebook: ['/v26.0/oauth/access_token', '/v26.0/debug_token', '/v26.0/me'],
  }
  for (const provider of providers) {
    for (const path of paths[provider]) {
      for (const fault of [
        echo,
        html,
        broken,
        answerJson({ error: { code: 190, message: canaries[1]?.value } }, 400),
      ]) {
        sandbox[provider].faults.plan(path, fault)
        await signIn(new Witness(), application, provider)
        sandbox[provider].faults.clear()
      }
    }
  }
  for (const status of [400, 403, 500]) {
    sandbox.sts.faults.plan(
      '/',
      answerWith(
        status,
        `<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>token ${canaries[2]?.value}</Message></Error></ErrorResponse>`,
        { 'content-type': 'text/xml' },
      ),
      5,
    )
    await signIn(new Witness(), application, 'amazon')
    sandbox.sts.faults.clear()
  }
  const browser = new Witness()
  await signIn(browser, application, 'facebook')
  for (const code of ['AccessDenied', 'ExpiredToken', 'SignatureDoesNotMatch', 'InvalidToken']) {
    sandbox.s3.faults.plan('/', answerWith(403, `<Error><Code>${code}</Code><Message>no</Message></Error>`))
    await browser.get(`${application.url}/s3/`)
  }
  plant('cookie', cookieNamed(browser, 'session'))
}

/** Requests that carry secrets where they do not belong. */
async function sendSecretsAbout() {
  const { url } = situation.application
  const secret = canaries.find(({ what }) => what.startsWith('token'))?.value ?? ''
  const session = canaries.find(({ what }) => what === 'cookie')?.value ?? ''
  const query = new URLSearchParams({
    code: secret,
    state: session,
    access_token: secret,
    error_description: secret,
  })
  const browser = new Witness()
  for (const path of [
    '/',
    '/privacy',
    '/nowhere',
    '/oauth2callback/amazon',
    '/oauth2callback/nobody',
    '/logout',
  ]) {
    await browser.get(`${url}${path}?${query}`, {
      authorization: `Bearer ${secret}`,
      cookie: `session=${session}`,
    })
    await browser.post(`${url}${path}?${query}`, { access_token: secret, csrf: secret })
  }
}

beforeAll(async () => {
  const { environment } = situation.sandbox
  plant('SESSION_SECRET', testSecret)
  plant('client secret', ...['AMAZON', 'GOOGLE', 'FACEBOOK'].map((name) => environment[`${name}_APP_SECRET`]))
  const signedIn: Awaited<ReturnType<typeof succeed>>[] = []
  for (const provider of providers) {
    for (const person of [ada, renee]) signedIn.push(await succeed(provider, person))
  }
  for (const { url } of situation.sandbox.facebook.requests)
    plant('appsecret_proof', queryOf(new URL(url, 'http://base.invalid')).appsecret_proof)
  await failInManyWays()
  await sendSecretsAbout()
  for (const { browser, csrf } of signedIn)
    await browser.post(`${situation.application.url}/logout`, { csrf })
})

describe('over a run of successes and failures at LOG_LEVEL=debug', () => {
  it('the harness knows every kind of secret, and would find one', () => {
    expect([...new Set(canaries.map(({ what }) => what))].sort()).toEqual([
      'AWS secret key',
      'AWS session token',
      'PKCE verifier',
      'SESSION_SECRET',
      'appsecret_proof',
      'authorization code',
      'client secret',
      'cookie',
      'token of a provider',
    ])
    expect(canaries.length).toBeGreaterThan(40)
    expect(found(`x${encodeURIComponent(canaries.at(-1)?.value ?? '')}y`)).not.toEqual([])
    expect(Witness.answers.length).toBeGreaterThan(100)
    expect(situation.application.log.length).toBeGreaterThan(100)
  })

  it('no log line has a secret in it', () => {
    const bad = situation.application.log.flatMap((line) => {
      const what = found(JSON.stringify(line))
      return what.length > 0 ? [{ what, msg: line.msg, code: line.code, path: line.path }] : []
    })
    expect(bad).toEqual([])
  })

  it('no page has a secret in it', () => {
    const bad = Witness.answers.flatMap(({ url, answer }) => {
      const what = found(answer.body)
      return what.length > 0 ? [{ what, path: new URL(url).pathname, status: answer.status }] : []
    })
    expect(bad).toEqual([])
  })

  it('no response header has a secret in it but Set-Cookie, which hands out cookies', () => {
    const bad = Witness.answers.flatMap(({ url, answer }) =>
      [...answer.headers].flatMap(([name, value]) => {
        const what = found(value).filter((one) => name !== 'set-cookie' || one !== 'cookie')
        return what.length > 0 ? [{ what, name, path: new URL(url).pathname }] : []
      }),
    )
    expect(bad).toEqual([])
  })

  it("no e-mail address stands in the log but as the role session's name, nor on a page but the person's own", () => {
    const addresses = [ada.email, renee.email].map(String)
    const lines = situation.application.log.map(({ roleSessionName: _, ...line }) => JSON.stringify(line))
    expect(lines.filter((line) => addresses.some((one) => line.includes(one)))).toEqual([])
    const pages = Witness.answers.filter(({ answer }) => addresses.some((one) => answer.body.includes(one)))
    expect(new Set(pages.map(({ url }) => new URL(url).pathname))).toEqual(new Set(['/s3/', '/flow']))
    for (const { answer } of pages) expect(answer.headers.get('cache-control')).toBe('no-store')
    for (const { answer } of Witness.answers) {
      for (const value of answer.headers.values())
        for (const one of addresses) expect(value).not.toContain(one)
    }
  })

  it("no person's page shows another person's address", () => {
    for (const { answer } of Witness.answers) {
      const both = [ada.email, renee.email].filter((one) => answer.body.includes(String(one)))
      expect(both.length).toBeLessThan(2)
    }
  })
})

describe('an operator with another secret', () => {
  it('has wrong credentials nowhere in the log', async () => {
    const application = await alsoStart(situation.sandbox, {
      GOOGLE_APP_SECRET: 'canary-of-google-0123456789',
      FACEBOOK_APP_SECRET: 'canary-of-facebook-0123456789',
      AMAZON_APP_SECRET: 'canary-of-amazon-0123456789',
    })
    for (const provider of providers) await signIn(new HttpBrowser(), application, provider)
    expect(application.logText()).not.toContain('canary-of-')
    expect(application.log.filter(({ level }) => level === 'error').length).toBeGreaterThanOrEqual(3)
  })
})
