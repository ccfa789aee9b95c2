import { describe, expect, it } from 'vitest'
import { answerWith } from '../../sandbox/faults.ts'
import { ada, signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { askForBuckets, laterBy, useSituation } from './situation.ts'

const situation = useSituation({ SESSION_IDLE_SECONDS: '43200' })

/** What is on record since there were `seen` lines, in order. */
const recordSince = (seen: number) => situation.application.log.slice(seen).filter(({ audit }) => audit)

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const amazonsWord = { provider: 'amazon', subject: ada.subjects.amazon }

describe('the record of', () => {
  it('a sign-in is the exchange at STS, in full, and who signed in, under one request id', async () => {
    const { sandbox, application } = situation
    const seen = application.log.length
    await signIn(new HttpBrowser(), application, 'amazon')
    const [exchange, signedIn, ...others] = recordSince(seen)
    expect(others).toEqual([])
    expect(exchange).toMatchObject({
      ...amazonsWord,
      audit: 'sts_exchange',
      outcome: 'ok',
      roleArn: sandbox.roleArns.amazon,
      roleSessionName: 'ada@example.com',
      audience: expect.stringMatching(/^amzn1\.application/),
      awsRequestId: expect.stringMatching(uuid),
      accessKeyId: expect.stringMatching(/^ASIA/),
      requestedSeconds: 3600,
      requestId: expect.stringMatching(uuid),
    })
    expect(exchange?.durationMs).toBeGreaterThanOrEqual(0)
    expect(Date.parse(String(exchange?.expiresAt))).toBeGreaterThan(Date.now())
    expect(signedIn).toMatchObject({
      ...amazonsWord,
      audit: 'signed_in',
      accessKeyId: exchange?.accessKeyId,
      requestId: exchange?.requestId,
    })
    expect(JSON.stringify(exchange)).not.toMatch(/secretAccessKey|sessionToken|Atza/)
  })

  it('a sign-in that STS refuses is the exchange with the code and id of AWS, and the refusal', async () => {
    const { sandbox, application } = situation
    const answer = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>IDPRejectedClaim</Code><Message>m</Message></Error><RequestId>sts-7</RequestId></ErrorResponse>`
    sandbox.sts.faults.plan(
      '/',
      answerWith(403, answer, { 'content-type': 'text/xml', 'x-amzn-requestid': 'sts-7' }),
    )
    const seen = application.log.length
    await signIn(new HttpBrowser(), application, 'facebook')
    const code = 'federation.claim_rejected'
    expect(recordSince(seen)).toEqual([
      expect.objectContaining({
        audit: 'sts_exchange',
        outcome: code,
        provider: 'facebook',
        subject: ada.subjects.facebook,
        roleArn: sandbox.roleArns.facebook,
        roleSessionName: 'ada@example.com',
        audience: sandbox.environment.FACEBOOK_APP_ID,
        awsCode: 'IDPRejectedClaim',
        awsRequestId: 'sts-7',
        durationMs: expect.any(Number),
      }),
      expect.objectContaining({ audit: 'refused', provider: 'facebook', code }),
    ])
  })

  it('a callback that never reaches STS is one refusal', async () => {
    const { application } = situation
    const seen = application.log.length
    await new HttpBrowser().get(`${application.url}/oauth2callback/amazon?state=x&code=y`)
    expect(recordSince(seen)).toEqual([
      expect.objectContaining({ audit: 'refused', provider: 'amazon', code: 'login.no_attempt' }),
    ])
  })

  it('a renewal is a new exchange and who it was for; of a sign-out, who left', async () => {
    const { application } = situation
    const browser = new HttpBrowser()
    await signIn(browser, application, 'amazon')
    laterBy(57 * 60_000)
    const seen = application.log.length
    const page = await askForBuckets(browser, application)
    const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec(page.body) ?? []
    await browser.post(`${application.url}/logout`, { csrf })
    expect(recordSince(seen)).toEqual([
      expect.objectContaining({ ...amazonsWord, audit: 'sts_exchange', outcome: 'ok' }),
      expect.objectContaining({ ...amazonsWord, audit: 'renewed', accessKeyId: expect.any(String) }),
      expect.objectContaining({ ...amazonsWord, audit: 'signed_out' }),
    ])
  })

  it('a renewal that the provider refuses is that, and no exchange', async () => {
    const { sandbox, application } = situation
    const browser = new HttpBrowser()
    await signIn(browser, application, 'amazon')
    laterBy(57 * 60_000)
    sandbox.amazon.faults.plan('/auth/o2/token', answerWith(503))
    const seen = application.log.length
    expect((await askForBuckets(browser, application)).status).toBe(200)
    expect(recordSince(seen)).toEqual([
      expect.objectContaining({
        ...amazonsWord,
        audit: 'renewal_refused',
        code: 'provider.unavailable',
      }),
    ])
  })
})
