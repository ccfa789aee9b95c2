import { describe, expect, it, vi } from 'vitest'
import { answerJson, answerWith, hang, resetConnection, rewriteJson } from '../../sandbox/faults.ts'
import { ada, signIn, signInUpToCallback } from '../application.ts'
import { type Answer, HttpBrowser } from '../http-browser.ts'
import { observedStore } from './observed-store.ts'
import { alsoStart, codeOn, cookieHeader, laterBy, useSituation } from './situation.ts'

vi.stubEnv('AWS_MAX_ATTEMPTS', '1')
const store = observedStore()
const situation = useSituation({}, { sessionStore: store.sessionStore })

const stsRefusal = answerWith(
  403,
  '<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>',
  { 'content-type': 'text/xml' },
)

/** Legs that an error page tells of, and how each went. */
const reachedOn = ({ body }: Answer) =>
  [
    ...body.matchAll(/<li value="\d" data-leg="(\w+)">\s*<p>.*?<span class="flow-state">([\w ]+)<\/span>/gs),
  ].map(([, leg, state]) => `${leg}: ${state}`)

const menderOn = ({ body }: Answer) => /<dt>Who can mend it<\/dt><dd>([^<]+)<\/dd>/.exec(body)?.[1]

const tried = (provider: 'amazon' | 'google' | 'facebook', application = situation.application) =>
  signIn(new HttpBrowser(), application, provider)

/** Ways for a sign-in to fail, by the leg that it stops on. */
const failures: {
  stopsAt: string
  code: string
  mender: RegExp
  way: () => Promise<Answer>
}[] = [
  {
    stopsAt: 'return',
    code: 'login.no_attempt',
    mender: /^You can/,
    way: () => new HttpBrowser().get(`${situation.application.url}/oauth2callback/amazon?code=c&state=s`),
  },
  {
    stopsAt: 'return',
    code: 'login.cancelled',
    mender: /^You can/,
    async way() {
      const browser = new HttpBrowser()
      const { location } = await browser.get(`${situation.application.url}/initiateLogin/google`)
      return browser.get(await browser.cancel(location ?? ''))
    },
  },
  {
    stopsAt: 'return',
    code: 'login.attempt_expired',
    mender: /^You can/,
    async way() {
      const browser = new HttpBrowser()
      const callback = await signInUpToCallback(browser, situation.application, 'google')
      laterBy(11 * 60 * 1000)
      return browser.get(callback)
    },
  },
  {
    stopsAt: 'tokens',
    code: 'provider.client_rejected',
    mender: /^Whoever runs this app/,
    way: () => {
      situation.sandbox.google.faults.plan('/token', answerJson({ error: 'invalid_client' }, 401), 2)
      return tried('google')
    },
  },
  {
    stopsAt: 'tokens',
    code: 'provider.unreachable',
    mender: /^Whoever runs this app/,
    way: () => {
      situation.sandbox.facebook.faults.plan('/v26.0/oauth/access_token', resetConnection)
      return tried('facebook')
    },
  },
  {
    stopsAt: 'identity',
    code: 'provider.token_not_ours',
    mender: /^Whoever runs this app/,
    way: () => {
      const foreign = rewriteJson((body) => ({ ...body, aud: 'amzn1.application-oa2-client.other' }))
      situation.sandbox.amazon.faults.plan('/auth/o2/tokeninfo', foreign)
      return tried('amazon')
    },
  },
  {
    stopsAt: 'identity',
    code: 'provider.unavailable',
    mender: /^Facebook/,
    way: () => {
      situation.sandbox.facebook.faults.plan('/v26.0/debug_token', answerWith(500), 2)
      return tried('facebook')
    },
  },
  {
    stopsAt: 'access',
    code: 'federation.access_denied',
    mender: /^Whoever administers the AWS account/,
    way: () => {
      situation.sandbox.sts.faults.plan('/', stsRefusal)
      return tried('google')
    },
  },
]

const order = ['authorization', 'return', 'tokens', 'identity', 'access']

describe('the page after a sign-in that failed', () => {
  it.each(failures)('shows that it stopped at $stopsAt: $code', async ({ stopsAt, code, mender, way }) => {
    const answer = await way()
    expect(codeOn(answer.body)).toBe(code)
    const before = order.slice(0, order.indexOf(stopsAt))
    // Where no attempt of this browser fits, nobody knows what was sent.
    const known = code === 'login.no_attempt' || code === 'login.attempt_expired' ? before.slice(1) : before
    expect(reachedOn(answer)).toEqual([...known.map((leg) => `${leg}: done`), `${stopsAt}: stopped here`])
    expect(menderOn(answer)).toMatch(mender)
    expect(answer.body).toContain('flow-cross')
    expect(answer.body).toContain('flow-message--not-reached')
  })

  it('comes at once when the sign-in is cancelled on an instance that never read the metadata of the provider', async () => {
    const browser = new HttpBrowser()
    const { location } = await browser.get(`${situation.application.url}/initiateLogin/google`)
    const callback = await browser.cancel(location ?? '')
    const other = await alsoStart(situation.sandbox)
    situation.sandbox.google.faults.plan('/.well-known/openid-configuration', hang, 2)
    const asked = situation.sandbox.google.requests.length
    const answer = await browser.get(new URL(callback.pathname + callback.search, other.url), {
      cookie: cookieHeader(browser, situation.application),
    })
    expect(codeOn(answer.body)).toBe('login.cancelled')
    expect(situation.sandbox.google.requests.length).toBe(asked)
    expect(reachedOn(answer)).toEqual(['return: stopped here'])
  })

  it("tells AWS's code and request id of the call that it stopped on", async () => {
    situation.sandbox.sts.faults.plan(
      '/',
      answerWith(403, '<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>', {
        'content-type': 'text/xml',
        'x-amzn-requestid': 'the-request-id-of-sts',
      }),
    )
    const { body } = await tried('amazon')
    expect(body).toContain('the-request-id-of-sts')
    expect(body).toMatch(/<dt class="mono">Code<\/dt><dd><bdi class="mono">AccessDenied</)
  })

  it('is kept nowhere', async () => {
    const before = store.ids.size
    situation.sandbox.google.faults.plan('/token', answerWith(500))
    await tried('google')
    expect(store.ids.size).toBe(before)
  })

  it('links to the flow in general', async () => {
    situation.sandbox.google.faults.plan('/token', answerWith(500))
    expect((await tried('google')).body).toContain('href="/flow"')
  })

  it('shows with FLOW_DETAILS=summary how far it came, and no value of any call', async () => {
    const application = await alsoStart(situation.sandbox, { FLOW_DETAILS: 'summary' })
    situation.sandbox.sts.faults.plan('/', stsRefusal)
    const answer = await tried('amazon', application)
    expect(reachedOn(answer)).toEqual([
      ...order.slice(0, 4).map((leg) => `${leg}: done`),
      'access: stopped here',
    ])
    expect(menderOn(answer)).toMatch(/AWS account/)
    expect(answer.body).not.toContain('flow-fields')
    expect(answer.body).not.toContain(ada.subjects.amazon)
  })

  it('shows nothing of it with FLOW_DETAILS=off', async () => {
    const application = await alsoStart(situation.sandbox, { FLOW_DETAILS: 'off' })
    situation.sandbox.sts.faults.plan('/', stsRefusal)
    const { body } = await tried('amazon', application)
    expect(codeOn(body)).toBe('federation.access_denied')
    expect(body).not.toContain('How far the sign-in came')
    expect(body).not.toContain('flow')
  })

  it('of another kind says nothing of a sign-in', async () => {
    const { body } = await new HttpBrowser().get(`${situation.application.url}/nowhere`)
    expect(body).not.toContain('How far the sign-in came')
  })
})
