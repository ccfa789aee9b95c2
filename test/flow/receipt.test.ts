import { inflateRawSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answerWith, rewriteJson } from '../../sandbox/faults.ts'
import type { Receipt } from '../../src/flow/receipt.ts'
import { createLog } from '../../src/observe/log.ts'
import { SealedStore } from '../../src/session/sealed-store.ts'
import { Sealer } from '../../src/session/sealing.ts'
import type { StoredRecord } from '../../src/session/stores/session-store.ts'
import {
  ada,
  signIn,
  signInUpToCallback,
  startApplication,
  type TestApplication,
  testSecret,
} from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { csrfOf, minutes, passTime, sentTo, sessionIdOf } from '../sessions/parties.ts'
import { found, plant } from './canaries.ts'
import { alsoStart, queryOf, useSituation } from './situation.ts'

const situation = useSituation()
const providers = ['amazon', 'google', 'facebook'] as const
type Provider = (typeof providers)[number]

const legs = ['authorization', 'return', 'tokens', 'identity', 'access', 'use']

/** Legs on a page, in its order, and how each went. */
const legsOn = (body: string) =>
  [...body.matchAll(/<li class="flow-leg flow-leg--([\w-]+)" data-leg="(\w+)">/g)].map(
    ([, state, leg]) => `${leg} ${state}`,
  )

/** Somebody who has signed in, with what they may be shown. */
async function signedIn(provider: Provider, application: TestApplication = situation.application) {
  const browser = new HttpBrowser()
  const answer = await signIn(browser, application, provider)
  expect(answer.status).toBe(303)
  const page = await browser.get(`${application.url}/flow`)
  const json = await browser.get(`${application.url}/flow?format=json`)
  return { browser, page, json, receipt: JSON.parse(json.body) as Receipt }
}

const callsOf = (receipt: Receipt, leg: string) =>
  receipt.legs.flatMap(({ kind, calls }) => (kind === leg ? calls : []))

/** A field of a receipt: its value, or its fingerprint. */
function field(receipt: Receipt, leg: string, side: 'request' | 'answer', name: string): string | undefined {
  const fields = callsOf(receipt, leg).flatMap((call) => call[side])
  const one = fields.find((each) => each.name === name)
  if (one === undefined) return undefined
  return 'value' in one ? one.value : one.fingerprint
}

const keptFor = (browser: HttpBrowser, application: TestApplication) =>
  keptUnder(sessionIdOf(browser), application)

/** What the store keeps beside a session, opened; `undefined` where there is nothing. */
async function keptUnder(sessionId: string, { sessionStore }: TestApplication): Promise<string | undefined> {
  const sealed = new SealedStore(sessionStore, new Sealer([testSecret]), createLog('silent', []))
  const packed = await sealed.getReceipt(sessionId)
  return packed === undefined ? undefined : inflateRawSync(Buffer.from(packed, 'base64url')).toString()
}

describe.each(providers)('the receipt of a sign-in with %s', (provider) => {
  it('shows every leg, with what was asked and answered on it', async () => {
    const { page, receipt } = await signedIn(provider)
    expect(page.status).toBe(200)
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(legsOn(page.body)).toEqual(legs.map((leg) => `${leg} done`))
    expect(receipt.legs.map(({ kind }) => kind)).toEqual(legs)
    for (const { kind, durationMs, calls } of receipt.legs) {
      // Google's keys are asked for on behalf of everybody, and so stand in nobody's receipt.
      if (kind !== 'identity') expect(calls.length).toBeGreaterThan(0)
      expect(durationMs).toBeGreaterThanOrEqual(0)
    }
  })

  it('follows state, code and token by their fingerprints from leg to leg', async () => {
    const { receipt } = await signedIn(provider)
    const state = field(receipt, 'authorization', 'request', 'state')
    expect(state).toMatch(/^[0-9a-f]{10}$/)
    expect(field(receipt, 'return', 'request', 'state')).toBe(state)
    const code = field(receipt, 'return', 'request', 'code')
    expect(code).toMatch(/^[0-9a-f]{10}$/)
    expect(field(receipt, 'tokens', 'request', 'code')).toBe(code)
    const token = field(receipt, 'tokens', 'answer', provider === 'google' ? 'id_token' : 'access_token')
    expect(field(receipt, 'access', 'request', 'WebIdentityToken')).toBe(token)
  })

  it('shows the authorization request as it was sent', async () => {
    const browser = new HttpBrowser()
    const { location } = await browser.get(
      `${situation.application.url}/initiateLogin/${provider}?account=choose`,
    )
    const sent = queryOf(location)
    const callback = await browser.continueAs(ada.subjects[provider], location ?? '')
    await browser.get(callback)
    const { body } = await browser.get(`${situation.application.url}/flow?format=json`)
    const [call] = callsOf(JSON.parse(body), 'authorization')
    expect(call?.call).toBe(`GET ${new URL(location ?? '').host}${new URL(location ?? '').pathname}`)
    expect(call?.request.map(({ name }) => name).sort()).toEqual(Object.keys(sent).sort())
    const sealer = new Sealer([testSecret])
    for (const one of call?.request ?? []) {
      const value = sent[one.name] ?? ''
      expect('value' in one ? one.value : one.fingerprint).toBe(
        'value' in one ? value : sealer.fingerprint(value),
      )
    }
  })

  it("shows STS's answer and request id, and the policies that make it work", async () => {
    const { page, receipt } = await signedIn(provider)
    const [call] = callsOf(receipt, 'access')
    expect(call?.awsRequestId).toMatch(/^[0-9a-f-]{36}$/)
    expect(page.body).toContain(call?.awsRequestId)
    expect(field(receipt, 'access', 'request', 'RoleArn')).toBe(situation.sandbox.roleArns[provider])
    expect(field(receipt, 'access', 'answer', 'Credentials.AccessKeyId')).toMatch(/^ASIA/)
    expect(page.body).toContain('sts:AssumeRoleWithWebIdentity')
    expect(page.body).toContain('s3:ListAllMyBuckets')
    expect(page.body).toContain('aws sts assume-role-with-web-identity')
    expect(page.body).toContain('aws cloudtrail lookup-events')
  })

  it('says what was checked at this provider', async () => {
    const { page } = await signedIn(provider)
    const words = {
      amazon: /aud of the token information/,
      google: /signature of the ID token/,
      facebook: /appsecret_proof goes/,
    }
    for (const one of providers) expect(words[one].test(page.body)).toBe(one === provider)
  })

  it('has no secret on the page, in the download, or in the store', async () => {
    const browser = new HttpBrowser()
    const { sandbox, application } = situation
    const tokenPath = { amazon: '/auth/o2/token', google: '/token', facebook: '/v26.0/oauth/access_token' }[
      provider
    ]
    sandbox[provider].faults.plan(
      tokenPath,
      rewriteJson((body) => {
        plant('token', body.access_token, body.refresh_token, body.id_token)
        return body
      }),
    )
    const callback = await signInUpToCallback(browser, application, provider)
    plant('code', queryOf(callback).code)
    plant('state', queryOf(callback).state)
    await browser.get(callback)
    plant('client secret', sandbox.environment[`${provider.toUpperCase()}_APP_SECRET`])
    const page = await browser.get(`${application.url}/flow`)
    const json = await browser.get(`${application.url}/flow?format=json`)
    const caller = sandbox.sessions.find(/ASIA[A-Z2-7]{16}/.exec(page.body)?.[0] ?? '')
    plant(
      'AWS secret',
      caller?.secretAccessKey,
      caller && 'sessionToken' in caller ? caller.sessionToken : '',
    )
    const kept = await keptFor(browser, application)
    expect(kept).toContain(`"providerId":"${provider}"`)
    expect(found(`${page.body}${json.body}${kept}`)).toEqual([])
    expect(found(`${callback}${caller?.secretAccessKey}`)).not.toEqual([])
    // The person's own address, too, is not for the ticket that a download ends in.
    expect(json.body + kept).not.toContain('ada@example.com')
  })
})

describe('the download of a receipt', () => {
  it('is an attachment that no cache keeps', async () => {
    const { json } = await signedIn('amazon')
    expect(json.headers.get('content-disposition')).toMatch(/^attachment; filename="?sign-in\.json"?$/)
    expect(json.headers.get('content-type')).toContain('application/json')
    expect(json.headers.get('cache-control')).toBe('no-store')
  })

  it('is what a program gets that asks for JSON', async () => {
    const { browser, json } = await signedIn('amazon')
    const { body } = await browser.get(`${situation.application.url}/flow`, { accept: 'application/json' })
    const [one, other] = [JSON.parse(json.body), JSON.parse(body)]
    expect(one.legs.slice(0, 5)).toEqual(other.legs.slice(0, 5))
  })

  it('is refused to a program that is not signed in', async () => {
    const { status, body } = await new HttpBrowser().get(`${situation.application.url}/flow`, {
      accept: 'application/json',
    })
    expect(status).toBe(401)
    expect(JSON.parse(body).error.code).toBe('session.required')
  })
})

describe('GET /flow for somebody who is not signed in', () => {
  it('explains the flow, with the same legs and without a session', async () => {
    const browser = new HttpBrowser()
    const { status, body } = await browser.get(`${situation.application.url}/flow`)
    expect(status).toBe(200)
    expect(body).toContain('How signing in works')
    expect(legsOn(body)).toEqual(legs.map((leg) => `${leg} plain`))
    expect(body).toContain('<a class="button button--primary" href="/?returnPath=%2Fflow">')
    expect(body).not.toContain('Sign out')
    expect(browser.cookies).toEqual([])
  })

  it('is linked from the login page, and for others from the bucket list', async () => {
    const { browser } = await signedIn('google')
    for (const path of ['/', '/s3/']) {
      expect((await browser.get(situation.application.url + path)).body).toContain('href="/flow"')
    }
  })
})

describe('the live call to S3', () => {
  it('asks for one bucket', async () => {
    const { receipt } = await signedIn('amazon')
    expect(field(receipt, 'use', 'request', 'MaxBuckets')).toBe('1')
    expect(field(receipt, 'use', 'answer', 'Buckets.Name')).toBeDefined()
    expect(situation.sandbox.s3.requests.at(-1)?.url).toContain('max-buckets=1')
  })

  it.each([
    ['AccessDenied', 403, 's3.access_denied'],
    ['InvalidToken', 400, 's3.token_rejected'],
  ])('that ends in %s is part of the story, and no failure of the page', async (awsCode, status, code) => {
    const { browser } = await signedIn('amazon')
    situation.sandbox.s3.faults.plan('/', answerWith(status, `<Error><Code>${awsCode}</Code></Error>`))
    const page = await browser.get(`${situation.application.url}/flow`)
    expect(page.status).toBe(200)
    expect(legsOn(page.body).at(-1)).toBe('use failed')
    expect(page.body).toContain(code)
    expect(page.body).toContain(awsCode)
  })

  it('does not hide the receipt where the access has run out for good', async () => {
    const application = await alsoStart(situation.sandbox, { SESSION_IDLE_SECONDS: '43200' })
    const { browser } = await signedIn('facebook', application)
    passTime(minutes(70))
    const page = await browser.get(`${application.url}/flow`)
    expect(page.status).toBe(200)
    expect(legsOn(page.body)).toEqual([...legs.slice(0, 5).map((leg) => `${leg} done`), 'use failed'])
    expect(page.body).toContain('session.expired')
  })
})

describe('FLOW_DETAILS', () => {
  it('summary shows and keeps legs, times and request ids, and no value of any call', async () => {
    const application = await alsoStart(situation.sandbox, { FLOW_DETAILS: 'summary' })
    const { browser, page, receipt } = await signedIn('amazon', application)
    expect(legsOn(page.body)).toEqual(legs.map((leg) => `${leg} done`))
    const [call] = callsOf(receipt, 'access')
    expect(page.body).toContain(call?.awsRequestId)
    for (const text of [
      'flow-fields',
      '<details',
      'fingerprint <',
      'lookup-events',
      'assume-role-with',
      '"Version"',
    ]) {
      expect(page.body).not.toContain(text)
    }
    const calls = receipt.legs.flatMap((leg) => leg.calls)
    expect(calls.length).toBeGreaterThan(5)
    for (const { request, answer } of calls) expect([...request, ...answer]).toEqual([])
    expect(receipt.trust).toBeUndefined()
    expect(await keptFor(browser, application)).not.toMatch(/fingerprint|client_id|RoleArn/)
  })

  it('off shows the flow in general to everybody, and keeps nothing', async () => {
    const application = await alsoStart(situation.sandbox, { FLOW_DETAILS: 'off' })
    const browser = new HttpBrowser()
    await signIn(browser, application, 'google')
    const page = await browser.get(`${application.url}/flow`)
    expect(page.status).toBe(200)
    expect(page.body).toContain('How signing in works')
    expect(page.body).toContain('Sign out')
    expect(legsOn(page.body)).toEqual(legs.map((leg) => `${leg} plain`))
    expect(await keptFor(browser, application)).toBeUndefined()
    const { status, body } = await browser.get(`${application.url}/flow`, { accept: 'application/json' })
    expect({ status, code: JSON.parse(body).error.code }).toEqual({ status: 404, code: 'request.not_found' })
  })

  it('summary shows no more of what was kept in full before', async () => {
    const { sessionStore } = situation.application
    const application = await startApplication(
      { ...situation.sandbox.environment, FLOW_DETAILS: 'summary' },
      {
        sessionStore: new Proxy(sessionStore, {
          get: (store, name) => (name === 'close' ? async () => {} : Reflect.get(store, name)),
        }),
      },
    )
    onTestFinished(() => application.close())
    const { browser } = await signedIn('google')
    const { body } = await sentTo(application, browser).get(`${application.url}/flow`)
    expect(legsOn(body)).toEqual(legs.map((leg) => `${leg} done`))
    expect(body).not.toContain('flow-fields')
  })
})

describe('the receipt beside a session', () => {
  it('goes with it at the sign-out', async () => {
    const { browser, page } = await signedIn('google')
    const id = sessionIdOf(browser)
    expect(await keptUnder(id, situation.application)).toBeDefined()
    await browser.post(`${situation.application.url}/logout`, { csrf: csrfOf(page.body) })
    expect(await keptUnder(id, situation.application)).toBeUndefined()
  })

  it('goes with it where the owner stays away', async () => {
    const application = await alsoStart(situation.sandbox, { SESSION_IDLE_SECONDS: '60' })
    const { browser } = await signedIn('google', application)
    const id = sessionIdOf(browser)
    passTime(minutes(2))
    expect((await browser.get(`${application.url}/flow`)).body).toContain('How signing in works')
    expect(await keptUnder(id, application)).toBeUndefined()
  })

  it('goes with it at the next sign-in, which has one of its own', async () => {
    const { browser } = await signedIn('google')
    const id = sessionIdOf(browser)
    await signIn(browser, situation.application, 'facebook')
    expect(await keptUnder(id, situation.application)).toBeUndefined()
    expect(await keptFor(browser, situation.application)).toContain('"providerId":"facebook"')
  })

  it('is there for whichever of two callbacks comes first', async () => {
    const browser = new HttpBrowser()
    const callback = await signInUpToCallback(browser, situation.application, 'amazon')
    const twin = sentTo(situation.application, browser)
    await Promise.all([browser.get(callback), twin.get(callback)])
    for (const one of [browser, twin]) {
      expect(await keptFor(one, situation.application)).toContain('"kind":"access"')
    }
  })

  it('tells of a renewal', async () => {
    const application = await alsoStart(situation.sandbox, { SESSION_IDLE_SECONDS: '43200' })
    const { browser } = await signedIn('amazon', application)
    passTime(minutes(61))
    expect((await browser.get(`${application.url}/s3/`)).status).toBe(200)
    const page = await browser.get(`${application.url}/flow`)
    expect(page.body).toContain('Renewed since')
    const { body } = await browser.get(`${application.url}/flow?format=json`)
    const { renewals = [] } = JSON.parse(body) as Receipt
    expect(renewals).toHaveLength(1)
    expect(renewals[0]?.legs.map(({ kind, calls }) => [kind, calls.length])).toEqual([
      ['tokens', 1],
      ['identity', 2],
      ['access', 1],
    ])
    expect(field(renewals[0] as Receipt, 'tokens', 'request', 'grant_type')).toBe('refresh_token')
    // The commands and the trail are about the access of now.
    expect(page.body).toContain(callsOf(renewals[0] as Receipt, 'access')[0]?.awsRequestId)
  })

  it('is no reason for a sign-in to fail', async () => {
    const { sessionStore } = situation.application
    let asked = 0
    const refusing = new Proxy(sessionStore, {
      get(store, name) {
        if (name === 'close') return async () => {}
        if (name !== 'set') return Reflect.get(store, name)
        return async (id: string, record: StoredRecord) => {
          asked += 1
          // The session is written first.
          if (asked === 2) throw new Error('no room')
          await store.set(id, record)
        }
      },
    })
    const application = await startApplication(situation.sandbox.environment, { sessionStore: refusing })
    situation.sandbox.registerApplication(application.url)
    onTestFinished(() => application.close())
    const browser = new HttpBrowser()
    expect((await signIn(browser, application, 'google')).status).toBe(303)
    const page = await browser.get(`${application.url}/flow`)
    expect(page.status).toBe(200)
    expect(page.body).toContain('No receipt of this sign-in was kept')
    expect(application.log.some(({ msg }) => msg === 'the receipt of a sign-in was not kept')).toBe(true)
  })
})
