import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { signInUpToCallback } from '../application.ts'
import { rawRequest, sendRaw } from '../flow/raw-http.ts'
import { codeOn, innards, queryOf, useSituation } from '../flow/situation.ts'
import { HttpBrowser } from '../http-browser.ts'
import { fuzz } from './fuzz.ts'

const situation = useSituation()

/** Printable ASCII that a request line or header can carry, and the characters that parsers split at. */
const wireText = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...'%&=[];+#?/\\"\'<>.,:{}|^`~@!$*()_-'),
    fc.constantFrom('%00', '%0a', '%ED%A0%80', '%', '%2', '%f0%9f', '__proto__', 'constructor'),
    fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  ),
  maxLength: 60,
})
const parameterName = fc.oneof(
  fc.constantFrom(
    'code',
    'state',
    'error',
    'error_code',
    'error_reason',
    'access_token',
    'scope',
    'state[]',
    'code[]',
  ),
  wireText,
)
const query = fc.array(fc.tuple(parameterName, wireText), { maxLength: 6 }).map((pairs) =>
  pairs
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
    .replaceAll('#', '%23'),
)
const provider = fc.constantFrom('amazon', 'google', 'facebook')

/** Sends one GET and expects no harm. */
async function expectHarmless(path: string, cookie = ''): Promise<void> {
  const answer = await sendRaw(
    situation.application.url,
    rawRequest('GET', path, cookie ? { Cookie: cookie } : {}),
  )
  expect(answer.status).toBeGreaterThanOrEqual(200)
  expect(answer.status).toBeLessThan(500)
  expect(answer.durationMs).toBeLessThan(1_000)
  expect(answer.text).not.toMatch(/^set-cookie: (__Host-)?session=/im)
  expect(answer.text).not.toMatch(innards)
}

describe('GET /oauth2callback/:provider under arbitrary input', () => {
  it('answers every query with less than 500 and signs nobody in', async () => {
    await fuzz(
      'callback queries',
      fc.asyncProperty(provider, query, (name, text) => expectHarmless(`/oauth2callback/${name}?${text}`)),
    )
  })

  it('answers every cookie with less than 500 and signs nobody in', async () => {
    const name = fc.oneof(
      fc.constantFrom('session', '__Host-session', 'attempt-a-AAAAAAAAAAAAAAAA', 'attempt-'),
      wireText,
    )
    const cookies = fc.array(fc.tuple(name, wireText), { maxLength: 6 })
    await fuzz(
      'cookies',
      fc.asyncProperty(
        cookies,
        fc.constantFrom('/s3/', '/oauth2callback/amazon?state=x&code=y', '/initiateLogin/amazon'),
        (pairs, path) => expectHarmless(path, pairs.map(([one, value]) => `${one}=${value}`).join('; ')),
      ),
    )
  })

  it('signs nobody in with a sealed attempt that was changed anywhere', async () => {
    const browser = new HttpBrowser()
    const callback = await signInUpToCallback(browser, situation.application, 'amazon')
    const attempt = browser.cookies.find(({ name }) => name.startsWith('attempt-'))
    const value = attempt?.value ?? ''
    const changed = fc.oneof(
      fc.tuple(fc.nat(value.length - 2), fc.constantFrom(...'ABab01-_')).map(([at, letter]) => {
        const other = value[at] === letter ? '~' : letter
        return value.slice(0, at) + other + value.slice(at + 1)
      }),
      fc.nat(value.length - 1).map((length) => value.slice(0, length)),
      fc.constantFrom('', '=', 'null', '{}', `${value.slice(4)}${value.slice(0, 4)}`),
    )
    await fuzz(
      'sealed attempts',
      fc.asyncProperty(changed, async (text) => {
        const answer = await new HttpBrowser().get(callback, { cookie: `${attempt?.name}=${text}` })
        expect(answer.status).toBe(403)
        expect(codeOn(answer.body)).toMatch(/^login\.(state_mismatch|no_attempt)$/)
      }),
    )
    // The one that was not changed is good: the test above refused for the right reason.
    expect((await browser.get(callback)).status).toBe(303)
  })

  it('signs nobody in for a state that is not exactly the one of the attempt', async () => {
    const browser = new HttpBrowser()
    const callback = await signInUpToCallback(browser, situation.application, 'facebook')
    const { state = '', code = '' } = queryOf(callback)
    const cookie = browser.cookies
      .filter(({ name }) => name.startsWith('attempt-'))
      .map(({ name, value }) => `${name}=${value}`)
    const nearly = fc.oneof(
      fc.nat(state.length - 1).map((at) => state.slice(0, at)),
      fc.constantFrom(
        `${state} `,
        ` ${state}`,
        `${state}\0`,
        state.toUpperCase(),
        `${state},${state}`,
        encodeURIComponent(`%${state}`),
      ),
      wireText,
    )
    await fuzz(
      'states',
      fc.asyncProperty(nearly, async (text) => {
        const url = `${callback.origin}${callback.pathname}?${new URLSearchParams({ code, state: text })}`
        const answer = await new HttpBrowser().get(url, { cookie: cookie.join('; ') })
        expect([400, 403]).toContain(answer.status)
        expect(answer.headers.getSetCookie().join()).not.toMatch(/session=[^;]/)
      }),
    )
    expect((await browser.get(callback)).status).toBe(303)
  })
})
