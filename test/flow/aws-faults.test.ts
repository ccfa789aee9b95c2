import { describe, expect, it, vi } from 'vitest'
import { signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { askForBuckets, expectRefusal, expectSignedInAs, expectSignedOut, useSituation } from './situation.ts'
import { type FaultName, faultNames, faults, upstreamWord } from './upstream-faults.ts'

// One attempt each: that the SDK tries again is its own affair, and would only cost time here.
vi.stubEnv('AWS_MAX_ATTEMPTS', '1')

const situation = useSituation()

type Outcomes = Partial<Record<FaultName, readonly [number, string]>>

const stsOutcomes: Outcomes = {
  'closes the connection in the middle of its answer': [502, 'federation.answer_invalid'],
  'answers with a page instead of data': [502, 'federation.answer_invalid'],
  'answers with a page labelled as data': [502, 'federation.answer_invalid'],
  'answers with nothing': [502, 'federation.answer_invalid'],
  'answers with half a document': [502, 'federation.answer_invalid'],
  'asks for patience (429)': [503, 'federation.throttled'],
  'has an error (500)': [502, 'federation.unavailable'],
  'has an error in JSON (500)': [502, 'federation.unavailable'],
  'is unavailable (503)': [502, 'federation.unavailable'],
  'does not know the path (404)': [502, 'federation.answer_invalid'],
  'sends 3 MB': [502, 'federation.answer_invalid'],
  'redirects elsewhere': [502, 'federation.answer_invalid'],
  'redirects to itself': [502, 'federation.answer_invalid'],
  'never answers': [504, 'federation.timeout'],
}

describe('when STS', () => {
  it.each(Object.entries(stsOutcomes) as [FaultName, readonly [number, string]][])(
    '%s, the person gets a page that says so, and the next sign-in works',
    async (name, outcome) => {
      const { sandbox, application } = situation
      const browser = new HttpBrowser()
      sandbox.sts.faults.plan('/', faults[name], 9)
      if (name === 'never answers') {
        const timeout = AbortSignal.timeout.bind(AbortSignal)
        vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => timeout(400))
      }
      const answer = await signIn(browser, application, 'amazon')
      vi.restoreAllMocks()
      expectRefusal(answer, ...outcome)
      expect(answer.body).not.toContain(upstreamWord)
      await expectSignedOut(browser, application)

      sandbox.sts.faults.clear()
      expect((await signIn(browser, application, 'amazon')).status).toBe(303)
      await expectSignedInAs('Ada Example', browser, application)
    },
  )
})

const s3Outcomes: Outcomes = {
  'closes the connection in the middle of its answer': [502, 's3.unreachable'],
  'answers with half a document': [502, 's3.unavailable'],
  'asks for patience (429)': [503, 's3.throttled'],
  'has an error (500)': [502, 's3.unavailable'],
  'has an error in JSON (500)': [502, 's3.unavailable'],
  'is unavailable (503)': [502, 's3.unavailable'],
  'does not know the path (404)': [502, 's3.unavailable'],
  'sends 3 MB': [502, 's3.unavailable'],
  'redirects elsewhere': [502, 's3.unavailable'],
  'redirects to itself': [502, 's3.unavailable'],
}

describe('when S3', () => {
  it.each(Object.entries(s3Outcomes) as [FaultName, readonly [number, string]][])(
    '%s, the person gets a page that says so, and the session lives',
    async (name, outcome) => {
      const { sandbox, application } = situation
      const browser = new HttpBrowser()
      await signIn(browser, application, 'facebook')
      sandbox.s3.faults.plan('/', faults[name], 9)
      const answer = await askForBuckets(browser, application)
      expectRefusal(answer, ...outcome)
      expect(answer.body).not.toContain(upstreamWord)
      expect(answer.body).toContain('href="/s3/"')
      sandbox.s3.faults.clear()
      await expectSignedInAs('Ada Example', browser, application)
    },
  )

  it('has a fault of its own, other people and the login page do not notice', async () => {
    const { sandbox, application } = situation
    sandbox.s3.faults.plan('/', faults['never answers'], 9)
    const browser = new HttpBrowser()
    await signIn(browser, application, 'facebook')
    const abandoned = new AbortController()
    const waiting = fetch(`${application.url}/s3/`, {
      signal: abandoned.signal,
      headers: { cookie: browser.cookies.map(({ name, value }) => `${name}=${value}`).join('; ') },
    }).catch(() => 'abandoned')
    expect((await new HttpBrowser().get(application.url)).status).toBe(200)
    expect((await signIn(new HttpBrowser(), application, 'google')).status).toBe(303)
    abandoned.abort()
    expect(await waiting).toBe('abandoned')
  })
})

describe('the table of faults', () => {
  it('is complete but for what does no harm', () => {
    // STS and S3 are read by their content; a label says nothing to the SDK.
    const harmless: FaultName[] = ['calls its data an image', 'closes the connection']
    expect(Object.keys(stsOutcomes).concat(harmless).sort()).toEqual([...faultNames].sort())
  })
})
