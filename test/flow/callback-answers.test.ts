import { describe, expect, it } from 'vitest'
import { ada, signInUpToCallback } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { callsSoFar, expectRefusal, expectSignedOut, queryOf, useSituation } from './situation.ts'

const situation = useSituation()

type Provider = 'amazon' | 'google' | 'facebook'

/** Begins a sign-in and opens the callback with this answer of the provider, and the right state. */
async function answerBack(provider: Provider, answer: Record<string, string>) {
  const browser = new HttpBrowser()
  const { url } = situation.application
  const { state = '' } = queryOf((await browser.get(`${url}/initiateLogin/${provider}`)).location)
  const before = callsSoFar(situation.sandbox)
  const page = await browser.get(
    `${url}/oauth2callback/${provider}?${new URLSearchParams({ ...answer, state })}`,
  )
  return { browser, page, calls: { before, after: callsSoFar(situation.sandbox) } }
}

const documented: [title: string, answer: Record<string, string>, status: number, code: string][] = [
  [
    'a person who pressed Cancel',
    { error: 'access_denied', error_description: 'Access not permitted.' },
    403,
    'login.cancelled',
  ],
  ['a server error', { error: 'server_error' }, 400, 'provider.busy'],
  ['an overload', { error: 'temporarily_unavailable' }, 400, 'provider.busy'],
  ['a malformed request', { error: 'invalid_request' }, 400, 'provider.misconfigured'],
  ['a wrong scope', { error: 'invalid_scope' }, 400, 'provider.misconfigured'],
  ['a client that may not do this', { error: 'unauthorized_client' }, 400, 'provider.misconfigured'],
  ['a grant that is not offered', { error: 'unsupported_response_type' }, 400, 'provider.misconfigured'],
  ["an administrator's rule", { error: 'admin_policy_enforced' }, 400, 'provider.refused'],
  ['an error that nobody knows', { error: 'out_of_cheese' }, 400, 'provider.refused'],
  ['the name of an inherited property', { error: 'constructor' }, 400, 'provider.refused'],
  ['another one', { error: 'toString' }, 400, 'provider.refused'],
  ['one more', { error: 'hasOwnProperty' }, 400, 'provider.refused'],
  ['the prototype', { error: '__proto__' }, 400, 'provider.refused'],
  ['an error of no name', { error: '' }, 400, 'provider.refused'],
  ['an error beside a code', { error: 'access_denied', code: 'made-up' }, 403, 'login.cancelled'],
]

describe('GET /oauth2callback/:provider, sent back by the provider', () => {
  describe.each(['amazon', 'google', 'facebook'] as const)('%s', (provider) => {
    it.each(documented)('with %s shows %o as its own page', async (_title, answer, status, code) => {
      const { browser, page, calls } = await answerBack(provider, answer)
      expectRefusal(page, status, code)
      expect(calls.after).toEqual(calls.before)
      await expectSignedOut(browser, situation.application)
    })

    it('after a real press on Cancel says that nothing happened', async () => {
      const browser = new HttpBrowser()
      const { location } = await browser.get(`${situation.application.url}/initiateLogin/${provider}`)
      const page = await browser.get(await browser.cancel(location ?? ''))
      expectRefusal(page, 403, 'login.cancelled')
      expect(page.body).toContain('nothing happened')
      await expectSignedOut(browser, situation.application)
    })

    it('with an error but no state is not listened to', async () => {
      const browser = new HttpBrowser()
      await browser.get(`${situation.application.url}/initiateLogin/${provider}`)
      const page = await browser.get(
        `${situation.application.url}/oauth2callback/${provider}?error=access_denied`,
      )
      expectRefusal(page, 400, 'login.state_missing')
    })

    it('with HTML in every text shows none of it', async () => {
      const hostile = '<script>alert(1)</script><img src=x onerror=alert(1)>"\'--></title>'
      const { page } = await answerBack(provider, {
        error: hostile,
        error_description: hostile,
        error_uri: 'javascript:alert(1)',
        error_message: hostile,
      })
      expectRefusal(page, 400, 'provider.refused')
      expect(page.body).not.toMatch(/alert\(1\)|onerror|javascript:/)
    })
  })

  it.each([
    [
      'error_code and error_message only',
      { error_code: '100', error_message: 'Invalid Scopes: x' },
      400,
      'provider.refused',
    ],
    [
      'error_code 200 and user_denied',
      { error_code: '200', error_reason: 'user_denied' },
      403,
      'login.cancelled',
    ],
    ['error_reason only', { error_reason: 'user_denied' }, 403, 'login.cancelled'],
    ['error_code beside a code', { error_code: '1349126', code: 'made-up' }, 400, 'provider.refused'],
  ] as const)(
    'by Facebook without an error, but with %s, is a refusal too',
    async (_title, answer, status, code) => {
      const { browser, page, calls } = await answerBack('facebook', answer)
      expectRefusal(page, status, code)
      expect(calls.after).toEqual(calls.before)
      await expectSignedOut(browser, situation.application)
    },
  )

  it('with an unknown scope ends on a page, not in a sign-in', async () => {
    const browser = new HttpBrowser()
    const { location } = await browser.get(`${situation.application.url}/initiateLogin/facebook`)
    const changed = new URL(location ?? '')
    changed.searchParams.set('scope', 'everything')
    const { url } = await browser.open(changed.href)
    expectRefusal(await browser.get(url), 400, 'provider.refused')
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

  it.each(['amazon', 'google', 'facebook'] as const)(
    'made up is refused by %s, and so here',
    async (provider) => {
      const page = await changed(provider, (url) => url.searchParams.set('code', 'made-up'))
      expectRefusal(page, 400, 'provider.code_rejected')
    },
  )

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

  it('beside another issuer is refused, as RFC 9207 has it', async () => {
    const page = await changed('google', (url) => url.searchParams.set('iss', 'https://evil.example'))
    expectRefusal(page, 403, 'login.provider_mismatch')
  })

  // Facebook has no PKCE: there only the state keeps a stolen code out.
  it.each(['amazon', 'google'] as const)('of another browser is stopped by PKCE at %s', async (provider) => {
    const stolen = await signInUpToCallback(new HttpBrowser(), situation.application, provider)
    const page = await changed(provider, (url) => url.searchParams.set('code', queryOf(stolen).code ?? ''))
    expectRefusal(page, 400, 'provider.code_rejected')
  })

  it.each([
    ['response', 400],
    ['id_token', 400],
    ['access_token', 400],
    ['token', 400],
    ['error_code', 400],
    ['session_state', 303],
  ])('beside %s, a parameter of something else, ends with status %i', async (name, status) => {
    const browser = new HttpBrowser()
    const callback = await signInUpToCallback(browser, situation.application, 'google')
    callback.searchParams.set(name, 'eyJhbGciOiJub25lIn0.e30.')
    expect((await browser.get(callback)).status).toBe(status)
  })
})
