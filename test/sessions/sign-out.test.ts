import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { answerWith, resetConnection } from '../../sandbox/faults.ts'
import { signIn, signInUpToCallback } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { sentTo, sessionRecordOf, signOut, useParties } from './parties.ts'

const parties = useParties()

/** What the page says, tags and line breaks aside. */
const words = (html: string): string => html.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ')

const recordOf = (browser: HttpBrowser) => sessionRecordOf(parties.store, browser)

describe('POST /logout', () => {
  it.each(['amazon', 'google', 'facebook'] as const)(
    'takes the record of a sign-in with %s out of the store, and every cookie of ours out of the browser',
    async (provider) => {
      const browser = new HttpBrowser()
      await signIn(browser, parties.one, provider)
      const before = sentTo(parties.one, browser)
      expect(await recordOf(before)).toBeDefined()

      const { status, body } = await signOut(browser, parties.one)
      expect(status).toBe(200)
      expect(await recordOf(before)).toBeUndefined()
      expect(browser.cookies.filter(({ origin }) => origin === parties.one.url)).toEqual([])
      expect(words(body)).toContain('AWS credentials cannot be recalled')
      expect(words(body)).toMatch(/lapse by themselves at \d{1,2} \w{3} 20\d\d, \d\d:\d\d UTC/)
    },
  )

  it('makes the old cookie worthless on every instance', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'amazon')
    const stolen = [sentTo(parties.one, browser), sentTo(parties.other, browser)] as const
    await signOut(browser, parties.one)
    const headers = { accept: 'application/json' }
    expect((await stolen[0].get(`${parties.one.url}/s3/`, headers)).status).toBe(401)
    expect((await stolen[1].get(`${parties.other.url}/s3/`, headers)).status).toBe(401)
  })

  it('shuts out a thief who has copied the callback and its cookies before it was opened', async () => {
    const browser = new HttpBrowser()
    const callback = await signInUpToCallback(browser, parties.one, 'amazon')
    const thief = sentTo(parties.one, browser)
    await browser.get(callback)
    await signOut(browser, parties.one)
    expect((await thief.get(callback)).status).toBe(403)
    expect((await thief.get(`${parties.one.url}/s3/`, { accept: 'application/json' })).status).toBe(401)
  })

  it('has Google revoke its token, and says so', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'google')
    parties.sandbox.google.requests.length = 0
    const { body } = await signOut(browser, parties.one)
    const asked = parties.sandbox.google.requests.filter(({ url }) => url.startsWith('/revoke'))
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual(['POST /revoke'])
    expect(words(body)).toContain('Google has revoked the token')
  })

  it('has Facebook forget the permissions, with proof of the app secret', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'facebook')
    parties.sandbox.facebook.requests.length = 0
    const { body } = await signOut(browser, parties.one)
    const asked = parties.sandbox.facebook.requests.find(({ method }) => method === 'DELETE')
    const token = asked?.headers.authorization?.replace('Bearer ', '') ?? ''
    const secret = parties.sandbox.environment.FACEBOOK_APP_SECRET ?? ''
    expect(new URL(asked?.url ?? '', 'http://graph').searchParams.get('appsecret_proof')).toBe(
      createHmac('sha256', secret).update(token).digest('hex'),
    )
    expect(asked?.url).not.toContain(token)
    expect(words(body)).toContain('Facebook has revoked the token')
  })

  it('says that Amazon cannot revoke', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'amazon')
    const { body } = await signOut(browser, parties.one)
    expect(words(body)).toContain('Amazon has no way to revoke the token')
  })

  it.each([
    ['resets the connection', resetConnection],
    ['answers 503', answerWith(503, 'no')],
    ['does not know the token any more', answerWith(400, '{"error":"invalid_token"}')],
  ])('signs out all the same when Google %s, and says that the revocation failed', async (_how, fault) => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'google')
    const before = sentTo(parties.one, browser)
    parties.sandbox.google.faults.plan('/revoke', fault)
    const { status, body } = await signOut(browser, parties.one)
    expect(status).toBe(200)
    expect(await recordOf(before)).toBeUndefined()
    expect(words(body)).toContain('Google did not answer when asked to revoke')
    expect(parties.one.log.some(({ msg }) => msg === 'the provider did not help to sign out')).toBe(true)
  })

  it.each([
    ['google', 'prompt', 'select_account'],
    ['facebook', 'auth_type', 'reauthenticate'],
  ] as const)(
    'offers another %s account, which asks the provider with %s=%s',
    async (provider, name, value) => {
      const browser = new HttpBrowser()
      await signIn(browser, parties.one, provider)
      const { body } = await signOut(browser, parties.one)
      const link = /href="(\/initiateLogin\/[^"]+)"/.exec(body)?.[1] ?? ''
      const start = await browser.get(parties.one.url + link)
      expect(new URL(start.location ?? '').searchParams.get(name)).toBe(value)
    },
  )

  it('without the form token of this session changes nothing', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'amazon')
    const { status } = await browser.post(`${parties.one.url}/logout`, { csrf: 'made-up' })
    expect(status).toBe(403)
    expect((await browser.get(`${parties.one.url}/s3/`)).status).toBe(200)
  })
})
