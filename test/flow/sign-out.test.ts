import request from 'supertest'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { ada, signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { observedStore } from './observed-store.ts'
import {
  askForBuckets,
  codeOn,
  cookieHeader,
  cookieNamed,
  expectRefusal,
  expectSignedInAs,
  expectSignedOut,
  useSituation,
} from './situation.ts'

const store = observedStore()
const situation = useSituation({}, { sessionStore: store.sessionStore })

let browser: HttpBrowser
const logoutUrl = () => `${situation.application.url}/logout`

beforeEach(async () => {
  browser = new HttpBrowser()
  await signIn(browser, situation.application, 'google')
})

/** The token in the form of the page that this browser sees. */
async function csrfToken(of = browser): Promise<string> {
  const { body } = await askForBuckets(of, situation.application)
  return /name="csrf" value="([^"]+)"/.exec(body)?.[1] ?? ''
}

describe('POST /logout', () => {
  it('with the token of the page deletes the record and the cookie, and says what ended', async () => {
    const csrf = await csrfToken()
    const cookie = cookieHeader(browser, situation.application)
    const before = store.ids.size
    const answer = await browser.post(
      logoutUrl(),
      { csrf },
      { origin: situation.application.url, 'sec-fetch-site': 'same-origin' },
    )
    expect(answer.status).toBe(303)
    const page = await browser.get(answer.location ?? '')
    expect(page.body).toContain('You are signed out')
    expect(page.headers.get('cache-control')).toBe('no-store')
    // The session, and the receipt beside it.
    expect(store.ids.size).toBe(before - 2)
    expect(answer.headers.getSetCookie().join()).toMatch(/^session=;.*Expires=Thu, 01 Jan 1970/)
    expect(cookieNamed(browser, 'session')).toBeUndefined()
    const replayed = await new HttpBrowser().get(`${situation.application.url}/s3/`, {
      cookie,
    })
    expect(replayed.status).toBe(303)
  })

  it('ends this session and no other', async () => {
    const elsewhere = new HttpBrowser()
    await signIn(elsewhere, situation.application, 'google')
    await browser.post(logoutUrl(), { csrf: await csrfToken() })
    await expectSignedOut(browser, situation.application)
    await expectSignedInAs('Ada Example', elsewhere, situation.application)
  })

  it('writes one line of audit, by provider and subject', async () => {
    await browser.post(logoutUrl(), { csrf: await csrfToken() })
    const lines = situation.application.log.filter(({ audit }) => audit === 'signed_out')
    expect(lines.at(-1)).toMatchObject({ provider: 'google', subject: ada.subjects.google })
  })

  it('lets nobody wait for the provider longer than four seconds', async () => {
    const csrf = await csrfToken()
    const timeout = vi.spyOn(AbortSignal, 'timeout')
    onTestFinished(() => timeout.mockRestore())
    await browser.post(logoutUrl(), { csrf })
    expect(timeout).toHaveBeenCalledWith(4_000)
  })

  it('is done as a whole, or not at all: where the store fails half way, it can be tried again', async () => {
    const csrf = await csrfToken()
    const replace = vi.spyOn(store.sessionStore, 'replace').mockRejectedValueOnce(new Error('away'))
    onTestFinished(() => replace.mockRestore())
    expect((await browser.post(logoutUrl(), { csrf })).status).toBe(503)
    await expectSignedInAs('Ada Example', browser, situation.application)
    const before = situation.application.log.filter(({ audit }) => audit === 'signed_out').length
    expect((await browser.post(logoutUrl(), { csrf })).location).toContain('revocation=revoked')
    expect(situation.application.log.filter(({ audit }) => audit === 'signed_out')).toHaveLength(before + 1)
    await expectSignedOut(browser, situation.application)
  })

  it('by somebody signed out, or twice, is no error', async () => {
    const csrf = await csrfToken()
    await browser.post(logoutUrl(), { csrf })
    for (const somebody of [browser, new HttpBrowser()]) {
      const { status, location } = await somebody.post(logoutUrl(), { csrf })
      expect({ status, location }).toEqual({
        status: 303,
        location: `${situation.application.url}/signed-out`,
      })
    }
  })

  describe('does nothing', () => {
    const expectRefused = async (form: Record<string, string>, headers: Record<string, string> = {}) => {
      const before = store.ids.size
      const answer = await browser.post(logoutUrl(), form, headers)
      expectRefusal(answer, 403, 'request.cross_site')
      expect(answer.body).toContain('href="/s3/">Go to your buckets</a>')
      expect(answer.headers.get('set-cookie')).toBeNull()
      expect(store.ids.size).toBe(before)
      await expectSignedInAs('Ada Example', browser, situation.application)
    }

    it('without a token', async () => expectRefused({}))
    it('with an empty token', async () => expectRefused({ csrf: '' }))
    it('with a made-up token', async () => expectRefused({ csrf: 'A'.repeat(22) }))
    it('with a token that is longer by one', async () => expectRefused({ csrf: `${await csrfToken()}x` }))
    it('with a token of as many letters, but more bytes', async () => expectRefused({ csrf: 'é'.repeat(22) }))

    it("with the token of somebody else's page", async () => {
      const other = new HttpBrowser()
      await signIn(other, situation.application, 'amazon')
      await expectRefused({ csrf: await csrfToken(other) })
    })

    it.each([
      ['a foreign Origin', { origin: 'https://evil.example' }],
      ['an Origin that only begins like ours', { origin: 'http://127.0.0.1.evil.example' }],
      ['a null Origin', { origin: 'null' }],
      ['Sec-Fetch-Site: cross-site', { 'sec-fetch-site': 'cross-site' }],
      ['Sec-Fetch-Site: same-site', { 'sec-fetch-site': 'same-site' }],
      ['Sec-Fetch-Site: none', { 'sec-fetch-site': 'none' }],
    ])('with the right token, but %s', async (_title, headers) => {
      await expectRefused({ csrf: await csrfToken() }, headers)
    })

    it('with the token in the address', async () => {
      const csrf = await csrfToken()
      const { status } = await browser.post(`${logoutUrl()}?csrf=${csrf}`, {})
      expect(status).toBe(403)
      await expectSignedInAs('Ada Example', browser, situation.application)
    })

    it('with the token in JSON', async () => {
      const answer = await request(situation.application.server)
        .post('/logout')
        .set('Cookie', cookieHeader(browser, situation.application))
        .send({ csrf: await csrfToken() })
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.status).toBeLessThan(500)
      await expectSignedInAs('Ada Example', browser, situation.application)
    })
  })
})

describe('GET /logout', () => {
  it('is no way to sign out, with or without a token', async () => {
    const csrf = await csrfToken()
    for (const url of [logoutUrl(), `${logoutUrl()}?csrf=${csrf}`]) {
      const answer = await browser.get(url)
      expectRefusal(answer, 405, 'request.method_not_allowed')
      expect(answer.headers.get('allow')).toBe('POST')
    }
    await expectSignedInAs('Ada Example', browser, situation.application)
  })
})

describe('GET /signed-out', () => {
  const open = (query = '', by = new HttpBrowser()) =>
    by.get(`${situation.application.url}/signed-out${query}`)

  it('is no page for somebody who is signed in', async () => {
    const { status, location } = await open('', browser)
    expect({ status, location }).toEqual({ status: 303, location: `${situation.application.url}/s3/` })
  })

  it('names provider and end of the access from its address, as long as that makes sense', async () => {
    const ends = Date.now() + 60 * 60 * 1000
    const { body } = await open(`?provider=google&revocation=revoked&ends=${ends}`)
    expect(body).toContain('Google has revoked the token')
    expect(body).toMatch(/lapse by themselves at \d/)
  })

  it.each([
    '',
    '?provider=nobody&revocation=revoked',
    '?provider=constructor&revocation=revoked&ends=1',
    '?provider=google&provider=amazon&revocation=revoked',
    '?revocation=%3Cscript%3E&ends=NaN',
    `?ends=${'9'.repeat(400)}`,
  ])('takes no word for it that means nothing: %s', async (query) => {
    const { status, body } = await open(query)
    expect(status).toBe(200)
    expect(body).not.toMatch(/has revoked|lapse by themselves at|<script>alert/)
    expect(body).toContain('still signed in at your identity provider')
  })
})

describe('GET /s3/ for somebody signed out', () => {
  it('sends a browser to the login page, and after the sign-in to where it wanted to go', async () => {
    const visitor = new HttpBrowser()
    const { status, location } = await visitor.get(`${situation.application.url}/s3/?first=201&token=1aa`)
    expect(status).toBe(303)
    const login = await visitor.get(location ?? '')
    const href = /href="(\/initiateLogin\/facebook[^"]*)"/.exec(login.body)?.[1]?.replaceAll('&amp;', '&')
    const start = await visitor.get(`${situation.application.url}${href}`)
    const answer = await visitor.get(await visitor.continueAs(ada.subjects.facebook, start.location ?? ''))
    expect(answer.headers.get('location')).toBe('/s3/?first=201&token=1aa#')
  })

  it.each([
    'application/json',
    'application/json, text/plain;q=0.5',
    'application/json;q=0.9, text/html;q=0.1',
  ])('answers 401 with the reason, and no redirect, to a client that accepts %s', async (accept) => {
    const answer = await request(situation.application.server).get('/s3/').set('Accept', accept)
    expect(answer.status).toBe(401)
    expect(answer.headers['content-type']).toContain('application/json')
    expect(answer.headers.location).toBeUndefined()
    expect(answer.body.error).toMatchObject({
      code: 'session.required',
      requestId: answer.headers['x-request-id'],
    })
  })

  it('tells JSON clients that a session is gone where the browser still holds its cookie', async () => {
    const cookie = cookieHeader(browser, situation.application)
    await browser.post(logoutUrl(), { csrf: await csrfToken() })
    const answer = await request(situation.application.server)
      .get('/s3/')
      .set({ Accept: 'application/json', Cookie: cookie })
    expect(answer.status).toBe(401)
    expect(answer.body.error.code).toMatch(/^session\.(expired|required)$/)
    expect(codeOn(answer.text)).toBeUndefined()
  })
})
