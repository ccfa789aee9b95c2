import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type MisbehavingOpenIdProvider,
  startMisbehavingOpenIdProvider,
} from '../../sandbox/identity/misbehaving-openid-provider.ts'
import { AppError, type ErrorCode } from '../../src/errors.ts'
import { startApplication, type TestApplication } from '../application.ts'
import { proofOfAccess, providerId, startAwsTrusting, type TrustingAws } from '../aws-trusting.ts'
import { codeOn } from '../flow/situation.ts'
import { type Answer, HttpBrowser } from '../http-browser.ts'
import { type ConformanceCase, client, furtherCases, mainKey, profileCases } from './cases.ts'
import { conformanceReport } from './report.ts'

const cases = [...profileCases, ...furtherCases]

let provider: MisbehavingOpenIdProvider
let aws: TrustingAws
let application: TestApplication

/** An issuer for each case, all of them providers of one application. */
beforeAll(async () => {
  provider = await startMisbehavingOpenIdProvider(client, mainKey)
  aws = await startAwsTrusting(
    cases.map(({ name, misbehaviour = {} }) => ({
      name,
      issuer: provider.issuer(name, misbehaviour),
      ...client,
    })),
  )
  application = await startApplication(aws.environment)
})

afterAll(() => Promise.all([application, provider, aws].map((part) => part.close())))

/** Presses the button, follows the provider back, and returns our last answer. */
async function signInAt(id: string, browser: HttpBrowser): Promise<Answer> {
  const start = await browser.get(`${application.url}/initiateLogin/${id}`)
  if (start.location === undefined) return start
  const { location } = await browser.get(start.location)
  return browser.get(location ?? '')
}

const logged = (id: string) => application.log.filter(({ provider }) => provider === id)
const audited = (id: string) =>
  logged(id).flatMap(({ audit, code }) => (audit === undefined ? [] : { audit, code }))
const sessionCookie = ({ cookies }: HttpBrowser) => cookies.find(({ name }) => name === 'session')
const outcomes = new Map<string, string>()

async function expectSignIns({ name, signIns = 1 }: ConformanceCase): Promise<void> {
  for (let count = 1; count <= signIns; count += 1) {
    const browser = new HttpBrowser()
    const answer = await signInAt(providerId(name), browser)
    expect([answer.status, answer.body]).toEqual([303, expect.anything()])
    const page = await browser.get(answer.location ?? '')
    expect(page.body).toContain(proofOfAccess)
    expect(page.body).toContain('Ada Example')
    expect(audited(providerId(name)).filter(({ audit }) => audit === 'signed_in')).toHaveLength(count)
  }
  outcomes.set(name, 'signed in')
}

async function expectRefusal({ name, outcome }: ConformanceCase): Promise<void> {
  const browser = new HttpBrowser()
  const stsCalls = aws.sts.requests.length
  const { status, body } = await signInAt(providerId(name), browser)
  const code = codeOn(body)
  expect([status, code]).toEqual([new AppError(outcome as ErrorCode).status, outcome])
  expect(logged(providerId(name))).toContainEqual(expect.objectContaining({ code }))
  expect(audited(providerId(name))).toEqual([{ audit: 'refused', code }])
  expect(sessionCookie(browser)).toBeUndefined()
  expect((await browser.get(`${application.url}/s3/`)).location).toContain('/?')
  expect(aws.sts.requests).toHaveLength(stsCalls)
  outcomes.set(name, `${status} \`${code}\``)
}

describe.each([
  ['the Basic RP profile', profileCases],
  ['beyond the profile', furtherCases],
] as const)('%s', (_title, group) => {
  it.each(group)('$name: $outcome', async (one) => {
    if (one.fault) provider.faults.plan(`/${one.name}${one.fault.path}`, one.fault.fault, 2)
    await (one.outcome === 'signed in' ? expectSignIns(one) : expectRefusal(one))
  })
})

it('has the secret in the form at once with a provider that has refused it by HTTP Basic before', async () => {
  const name = 'client-secret-post-though-basic-is-offered'
  await signInAt(providerId(name), new HttpBrowser())
  const before = provider.requests.length
  expect((await signInAt(providerId(name), new HttpBrowser())).status).toBe(303)
  const asked = provider.requests.slice(before).filter(({ url }) => url === `/${name}/token`)
  expect(asked.map(({ headers }) => headers.authorization)).toEqual([undefined])
})

it('answers every refusal of the profile with a 4xx page', () => {
  const refused = profileCases
    .map(({ name }) => outcomes.get(name) ?? '')
    .filter((outcome) => outcome !== 'signed in')
  expect(refused.filter((outcome) => !outcome.startsWith('4'))).toEqual([])
})

describe('docs/conformance.md', () => {
  it('says what this run saw', async (context) => {
    if (outcomes.size < cases.length) return context.skip('not all cases ran')
    await expect(conformanceReport(outcomes)).toMatchFileSnapshot('../../docs/conformance.md')
  })
})
