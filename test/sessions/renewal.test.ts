import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  answerJson,
  answerWith,
  type Fault,
  hang,
  resetConnection,
  rewriteJson,
} from '../../sandbox/faults.ts'
import { ada, signIn } from '../application.ts'
import { passDeadlines } from '../flow/situation.ts'
import { HttpBrowser } from '../http-browser.ts'
import { countOf, crowd, exchanges, minutes, passTime, sessionIdOf, useParties } from './parties.ts'

// Google gives a refresh token at somebody's first consent only, so each visitor is a new person.
const people = crowd(40)
const parties = useParties({ people, environment: { SESSION_IDLE_SECONDS: '43200' } })

afterEach(() => {
  parties.sandbox.amazon.faults.clear()
  parties.sandbox.google.faults.clear()
  parties.sandbox.sts.faults.clear()
  vi.useRealTimers()
})

const tokenPaths = { amazon: '/auth/o2/token', google: '/token' } as const
const accessKeyOn = (html: string): string | undefined => /ASIA[A-Z2-7]{16}/.exec(html)?.[0]

let visitors = 0
/** Somebody who has signed in, and the bucket list as they see it. */
async function visitor(provider: 'amazon' | 'google' | 'facebook') {
  const browser = new HttpBrowser()
  const person = people[visitors++ % people.length] ?? ada
  await signIn(browser, parties.one, provider, person)
  const page = () => browser.get(`${parties.one.url}/s3/`)
  return { browser, page, person, first: accessKeyOn((await page()).body) }
}

describe.each(['amazon', 'google'] as const)(
  'access by way of %s, which gave a refresh token',
  (provider) => {
    it.each([
      ['three minutes before', 57],
      ['a minute after', 61],
      ['five hours after', 360],
    ])('is renewed %s its end, without anybody noticing', async (_when, minute) => {
      const { browser, page, person, first } = await visitor(provider)
      const [id, before] = [sessionIdOf(browser), exchanges(parties.sandbox)]
      passTime(minutes(minute))
      const answer = await page()
      expect(answer.status).toBe(200)
      expect(answer.body).toContain(person.name)
      expect(accessKeyOn(answer.body)).not.toBe(first)
      expect(exchanges(parties.sandbox)).toBe(before + 1)
      expect(sessionIdOf(browser)).toBe(id)
      expect(accessKeyOn((await page()).body)).toBe(accessKeyOn(answer.body))
      expect(exchanges(parties.sandbox)).toBe(before + 1)
    })

    it('is left alone ten minutes before its end', async () => {
      const { page, first } = await visitor(provider)
      passTime(minutes(50))
      expect(accessKeyOn((await page()).body)).toBe(first)
    })

    it.each([
      ['resets the connection', resetConnection],
      ['answers 503', answerWith(503)],
      ['refuses the refresh token', answerJson({ error: 'invalid_grant' }, 400)],
    ])('still opens the page when the provider %s shortly before its end', async (_how, fault) => {
      const { page, first } = await visitor(provider)
      passTime(minutes(57))
      parties.sandbox[provider].faults.plan(tokenPaths[provider], fault)
      const answer = await page()
      expect([answer.status, accessKeyOn(answer.body)]).toEqual([200, first])
      expect(accessKeyOn((await page()).body)).not.toBe(first)
    })

    it('still opens the page, in good time, when STS never answers shortly before its end', async () => {
      const { page, first } = await visitor(provider)
      passTime(minutes(57))
      parties.sandbox.sts.faults.plan('/', hang)
      passDeadlines()
      const answer = await page()
      expect([answer.status, accessKeyOn(answer.body)]).toEqual([200, first])
    })

    it.each([
      ['resets the connection', resetConnection],
      ['answers 503', answerWith(503)],
      ['refuses the refresh token', answerJson({ error: 'invalid_grant' }, 400)],
    ])(
      'is named as run out when the provider %s after its end, and comes back with it',
      async (_how, fault) => {
        const { page } = await visitor(provider)
        passTime(minutes(61))
        parties.sandbox[provider].faults.plan(tokenPaths[provider], fault)
        const answer = await page()
        const name = { amazon: 'Amazon', google: 'Google' }[provider]
        expect(answer.status).toBe(401)
        expect(answer.body).toContain('Your access ran out')
        expect(answer.body).toContain(`Continue with ${name}`)
        expect((await page()).status).toBe(200)
      },
    )

    it('is named as run out when STS refuses after its end', async () => {
      const { page } = await visitor(provider)
      passTime(minutes(61))
      const refusal =
        '<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>'
      parties.sandbox.sts.faults.plan('/', answerWith(403, refusal, { 'content-type': 'text/xml' }))
      const answer = await page()
      expect([answer.status, answer.body.includes('Continue with')]).toEqual([401, true])
    })
  },
)

describe('access of a quarter of an hour', () => {
  const short = useParties({ environment: { ROLE_SESSION_SECONDS: '900' } })

  it('is left alone two minutes before its end, and renewed in its last tenth', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, short.one, 'amazon')
    const before = exchanges(short.sandbox)
    const renewals = async () => {
      expect((await browser.get(`${short.one.url}/s3/`)).status).toBe(200)
      return exchanges(short.sandbox) - before
    }
    passTime(minutes(13))
    expect(await renewals()).toBe(0)
    passTime(minutes(1))
    expect(await renewals()).toBe(1)
  })
})

describe('access by way of Facebook, which gives no refresh token', () => {
  it('is used to its end, and no provider is asked', async () => {
    const { page, first } = await visitor('facebook')
    const before = parties.sandbox.facebook.requests.length
    passTime(minutes(59))
    expect(accessKeyOn((await page()).body)).toBe(first)
    passTime(minutes(2))
    const answer = await page()
    expect([answer.status, answer.body.includes('Continue with Facebook')]).toEqual([401, true])
    expect(parties.sandbox.facebook.requests.length).toBe(before)
  })
})

describe('a renewal', () => {
  it('keeps a refresh token that the provider has rotated, and uses it the next time', async () => {
    const { page, person } = await visitor('amazon')
    const used: string[] = []
    const rotating: Fault = (req, res) => {
      void text(req as IncomingMessage).then((body) => {
        used.push(new URLSearchParams(body).get('refresh_token') ?? '')
        const tokens = {
          access_token: parties.sandbox.amazon.issueAccessToken(person),
          refresh_token: `Atzr|rotated-${used.length}`,
          token_type: 'bearer',
          expires_in: 3600,
        }
        res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(tokens))
      })
    }
    parties.sandbox.amazon.faults.plan(tokenPaths.amazon, rotating, 3)
    for (let hour = 0; hour < 3; hour += 1) {
      passTime(minutes(61))
      expect((await page()).status).toBe(200)
    }
    expect(used[0]).toMatch(/^Atzr\|[\w-]{300,}$/)
    expect(used.slice(1)).toEqual(['Atzr|rotated-1', 'Atzr|rotated-2'])
  })

  it('that brings somebody else is refused: no credentials are asked for, nothing is shown', async () => {
    const { page, person } = await visitor('amazon')
    const before = exchanges(parties.sandbox)
    passTime(minutes(61))
    const { faults } = parties.sandbox.amazon
    for (const path of ['/auth/o2/tokeninfo', '/user/profile']) {
      faults.plan(
        path,
        rewriteJson((body) => ({ ...body, user_id: 'amzn1.account.SOMEBODYELSE' })),
      )
    }
    const answer = await page()
    expect(answer.status).toBe(401)
    expect(answer.body).not.toContain(person.name)
    expect(answer.body).not.toContain('analytics-landing-zone')
    expect(exchanges(parties.sandbox)).toBe(before)
  })

  it.each(['amazon', 'facebook'] as const)(
    'is made once when S3 says ExpiredToken to a sign-in with %s, whatever our clock says',
    async (provider) => {
      const { page, first } = await visitor(provider)
      const before = exchanges(parties.sandbox)
      parties.sandbox.sessions.expireAll()
      const answer = await page()
      const renewed = provider === 'amazon'
      expect(answer.status).toBe(renewed ? 200 : 401)
      expect(answer.body).not.toContain('ExpiredToken')
      expect(answer.body).toContain(renewed ? 'analytics-landing-zone' : 'Continue with Facebook')
      expect(accessKeyOn(answer.body)).not.toBe(first)
      expect(exchanges(parties.sandbox)).toBe(before + (renewed ? 1 : 0))
    },
  )

  it('is not tried again and again when S3 goes on saying ExpiredToken', async () => {
    const { page } = await visitor('amazon')
    const before = exchanges(parties.sandbox)
    const expired = '<Error><Code>ExpiredToken</Code><Message>no</Message></Error>'
    parties.sandbox.s3.faults.plan('/', answerWith(400, expired, { 'content-type': 'application/xml' }), 10)
    const answer = await page()
    parties.sandbox.s3.faults.clear()
    expect([answer.status, new URL(answer.location ?? '').searchParams.get('notice')]).toEqual([
      303,
      'expired',
    ])
    expect(exchanges(parties.sandbox)).toBe(before + 1)
    expect(countOf(parties.sandbox.amazon, tokenPaths.amazon)).toBeGreaterThan(0)
  })
})
