import dns from 'node:dns'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type LoopbackServer, listenOnLoopback } from '../../sandbox/loopback-server.ts'
import { ada, signIn, signInUpToCallback, startApplication, type TestApplication } from '../application.ts'
import {
  alsoStart,
  askForBuckets,
  codeOn,
  expectRefusal,
  expectSignedInAs,
  expectSignedOut,
  laterBy,
  passDeadlines,
  pathsAsked,
  useSituation,
} from '../flow/situation.ts'
import { type Answer, HttpBrowser } from '../http-browser.ts'
import { faultReport, type Trial } from './report.ts'
import { providerLegs, tryToSignIn } from './sign-in-legs.ts'
import {
  type ConnectionFaultName,
  connectionFaultNames,
  connectionFaults,
  type FaultName,
  faultNames,
  faultsIn,
  upstreamWord,
} from './upstream-faults.ts'

const situation = useSituation()

const names = { amazon: 'Amazon', google: 'Google', facebook: 'Facebook' } as const

/** The variable that says where each party is, and what is asked there first. */
const hosts = {
  amazon: { variable: 'AMAZON_API_URL', call: '/auth/o2/token' },
  google: { variable: 'GOOGLE_ISSUER', call: '/.well-known/openid-configuration' },
  facebook: { variable: 'FACEBOOK_GRAPH_URL', call: '/oauth/access_token' },
  sts: { variable: 'AWS_ENDPOINT_URL_STS', call: 'sts AssumeRoleWithWebIdentityCommand' },
  s3: { variable: 'AWS_ENDPOINT_URL_S3', call: 's3 ListBucketsCommand' },
} as const

const trials: Trial[] = []

/** As many seconds as no fault may cost that no deadline ends. */
const soonSeconds = 5

// Nobody knows names of the top-level domain `invalid` (RFC 6761), and no resolver is asked for one.
const lookup = dns.lookup as (...given: unknown[]) => void
const lookupWithout = (...given: unknown[]) => {
  if (!String(given[0]).endsWith('.invalid')) return lookup(...given)
  const unknown = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })
  process.nextTick(given.at(-1) as (error: Error) => void, unknown)
}
beforeEach(() => {
  vi.spyOn(dns, 'lookup').mockImplementation(lookupWithout as typeof dns.lookup)
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** How often a fresh application has asked: by its own log, or by the other side where a deadline kept it from saying. */
function attemptsOf(application: TestApplication, call: string, seen: number): number {
  const lines = application.log.filter((line) => String(line.call).endsWith(call))
  return lines.reduce((sum, { attempts }) => sum + Number(attempts ?? seen), 0)
}

/** How often `server` was asked for `path` after its first `before` requests. */
const asked = (server: LoopbackServer, path: string, before: number): number =>
  pathsAsked(server)
    .slice(before)
    .filter((one) => one === path).length

/** Lets `work` meet a fault, and writes down what came of it. */
async function meet(
  {
    party,
    fault,
    attempts,
    page = 'what was asked for',
  }: { party: string; fault: string; attempts: () => number | string; page?: string },
  work: () => Promise<Answer>,
): Promise<Answer> {
  const startedAt = performance.now()
  if (fault === 'never answers') passDeadlines()
  const answer = await work()
  vi.restoreAllMocks()
  expect(performance.now() - startedAt).toBeLessThan(soonSeconds * 1000)
  const code = codeOn(answer.body)
  trials.push({
    party,
    fault,
    answer: code === undefined ? `${answer.status}, as ever` : `${answer.status} \`${code}\``,
    page: code === undefined ? page : (/<h1[^>]*>([^<]*)</.exec(answer.body)?.[1] ?? ''),
    attempts: attempts(),
    inTime: fault === 'never answers' ? 'deadline' : `< ${soonSeconds} s`,
  })
  expect(answer.body).not.toContain(upstreamWord)
  if (code !== undefined) expectRefusal(answer, answer.status, code)
  expect(code).not.toBe('internal.unexpected')
  return answer
}

/** Expects that a sign-in that failed left nobody signed in, and that it works once the fault is gone. */
async function expectRecovery(
  answer: Answer,
  browser: HttpBrowser,
  application: TestApplication,
  provider: keyof typeof names,
  person = ada,
): Promise<void> {
  if (answer.status === 303) return expectSignedInAs(person.name, browser, application)
  await expectSignedOut(browser, application)
  for (const { faults } of [situation.sandbox[provider], situation.sandbox.sts]) faults.clear()
  expect((await tryToSignIn(browser, application, provider, person)).status).toBe(303)
  await expectSignedInAs(person.name, browser, application)
}

describe.each(['amazon', 'google', 'facebook'] as const)('when %s', (provider) => {
  const party = `${names[provider]}, the connection`

  it.each(connectionFaultNames)('%s, a sign-in ends in a page', async (fault) => {
    const { sandbox } = situation
    const { variable, call } = hosts[provider]
    const address = await connectionFaults[fault](sandbox.environment[variable] ?? '')
    const application = await alsoStart(sandbox, { [variable]: address })
    const browser = new HttpBrowser()
    const stsCalls = sandbox.sts.requests.length
    const attempts = () => attemptsOf(application, call, 0)
    await meet({ party, fault, attempts }, () => tryToSignIn(browser, application, provider))
    await expectSignedOut(browser, application)
    expect(sandbox.sts.requests).toHaveLength(stsCalls)
  })
})

describe.each(providerLegs)("when $provider's $name", ({ provider, name, path, person }) => {
  it.each(faultNames)('%s, a sign-in ends in a page, and the next one works', async (fault) => {
    const server: LoopbackServer = situation.sandbox[provider]
    const application = await alsoStart(situation.sandbox)
    const browser = new HttpBrowser()
    const stsCalls = situation.sandbox.sts.requests.length
    const before = server.requests.length
    server.faults.plan(path, faultsIn.json[fault], 9)
    const attempts = () => attemptsOf(application, path, 0)
    const answer = await meet({ party: `${names[provider]}, ${name}`, fault, attempts }, () =>
      tryToSignIn(browser, application, provider, person),
    )
    expect(pathsAsked(server).slice(before)).not.toContain('/elsewhere')
    if (answer.status !== 303) expect(situation.sandbox.sts.requests).toHaveLength(stsCalls)
    await expectRecovery(answer, browser, application, provider, person)
  })
})

describe("when Amazon's token endpoint, asked to renew access that has lapsed,", () => {
  const path = '/auth/o2/token'
  const party = 'Amazon, refresh of access that has lapsed'

  it.each(faultNames)('%s, the person is asked to continue, and can', async (fault) => {
    const { sandbox } = situation
    const application = await alsoStart(sandbox, { SESSION_IDLE_SECONDS: '43200' })
    const browser = new HttpBrowser()
    await signIn(browser, application, 'amazon')
    laterBy(61 * 60_000)
    sandbox.amazon.faults.plan(path, faultsIn.json[fault], 9)
    const before = sandbox.amazon.requests.length
    const attempts = () => asked(sandbox.amazon, path, before)
    const stsCalls = sandbox.sts.requests.length
    const answer = await meet({ party, fault, attempts }, () => askForBuckets(browser, application))
    if (answer.status !== 200) {
      expect(answer.body).toContain('href="/initiateLogin/amazon?returnPath=%2Fs3%2F"')
      expect(sandbox.sts.requests).toHaveLength(stsCalls)
    }
    sandbox.amazon.faults.clear()
    await expectSignedInAs('Ada Example', browser, application)
  })
})

describe.each([
  {
    provider: 'google',
    path: '/revoke',
    // Its status says it all (RFC 7009, section 2.2).
    harmless: [
      'answers with a page instead of data',
      'answers with a page labelled as data',
      'answers with nothing',
      'answers with half a document',
      'calls its data an image',
    ],
  },
  { provider: 'facebook', path: '/v26.0/me/permissions', harmless: ['calls its data an image'] },
] as const)("when $provider's revocation, asked for by a sign-out,", ({ provider, path, harmless }) => {
  const party = `${names[provider]}, revocation at a sign-out`

  it.each(faultNames)('%s, the person is signed out here, and told whether there', async (fault) => {
    const server: LoopbackServer = situation.sandbox[provider]
    const application = await alsoStart(situation.sandbox)
    const browser = new HttpBrowser()
    await signIn(browser, application, provider)
    const list = await askForBuckets(browser, application)
    const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec(list.body) ?? []
    server.faults.plan(path, faultsIn.json[fault], 9)
    const before = server.requests.length
    const attempts = () => asked(server, path, before)
    const revoked = (harmless as readonly FaultName[]).includes(fault)
    const page = `You are signed out; the token is ${revoked ? '' : 'not '}revoked`
    const answer = await meet({ party, fault, attempts, page }, async () => {
      const { location } = await browser.post(`${application.url}/logout`, { csrf })
      return browser.get(location ?? '')
    })
    expect(answer.body).toContain('You are signed out')
    expect(answer.body).toContain(revoked ? 'has revoked the token' : 'did not answer when asked to revoke')
    await expectSignedOut(browser, application)
  })
})

describe('when STS', () => {
  const { variable, call } = hosts.sts
  const party = 'AWS STS'

  it.each(connectionFaultNames)('%s, a sign-in ends in a page', async (fault) => {
    const { sandbox } = situation
    const address = await connectionFaults[fault](sandbox.environment[variable] ?? '')
    const application = await alsoStart(sandbox, { [variable]: address })
    const browser = new HttpBrowser()
    const attempts = () => attemptsOf(application, call, 0)
    await meet({ party, fault, attempts }, () => signIn(browser, application, 'amazon'))
    await expectSignedOut(browser, application)
  })

  it.each(faultNames)('%s, a sign-in ends in a page, and the next one works', async (fault) => {
    const { sandbox } = situation
    const application = await alsoStart(sandbox)
    const browser = new HttpBrowser()
    sandbox.sts.faults.plan('/', faultsIn.xml[fault], 9)
    const before = sandbox.sts.requests.length
    const attempts = () => attemptsOf(application, call, sandbox.sts.requests.length - before)
    const answer = await meet({ party, fault, attempts }, () => signIn(browser, application, 'amazon'))
    await expectRecovery(answer, browser, application, 'amazon')
  })
})

describe('when S3', () => {
  const { variable, call } = hosts.s3
  const party = 'Amazon S3'

  it.each(connectionFaultNames)('%s, the person gets a page that says so', async (fault) => {
    const { sandbox } = situation
    const address = await connectionFaults[fault](sandbox.environment[variable] ?? '')
    const application = await alsoStart(sandbox, { [variable]: address })
    const browser = new HttpBrowser()
    await signIn(browser, application, 'facebook')
    const attempts = () => attemptsOf(application, call, 0)
    await meet({ party, fault, attempts }, () => askForBuckets(browser, application))
  })

  it.each(faultNames)('%s, the person gets a page that says so, and the session lives', async (fault) => {
    const { sandbox } = situation
    const application = await alsoStart(sandbox)
    const browser = new HttpBrowser()
    await signIn(browser, application, 'facebook')
    sandbox.s3.faults.plan('/', faultsIn.xml[fault], 9)
    const before = sandbox.s3.requests.length
    const attempts = () => attemptsOf(application, call, sandbox.s3.requests.length - before)
    const answer = await meet({ party, fault, attempts }, () => askForBuckets(browser, application))
    if (answer.status !== 200) expect(answer.body).toContain('href="/s3/"')
    sandbox.s3.faults.clear()
    await expectSignedInAs('Ada Example', browser, application)
  })
})

/** A sign-in up to the moment at which the store is asked for the first time. */
async function signInOver(store: string, fault: string, party: string, attempts: () => number | string) {
  const application = await startApplication({ ...situation.sandbox.environment, SESSION_STORE: store })
  onTestFinished(() => application.close())
  situation.sandbox.registerApplication(application.url)
  const browser = new HttpBrowser()
  const callback = await signInUpToCallback(browser, application, 'amazon')
  const tokens = () => pathsAsked(situation.sandbox.amazon).filter((path) => path === '/auth/o2/token').length
  const before = tokens()
  const answer = await meet({ party, fault, attempts }, () => browser.get(callback))
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '10'])
  expect(browser.cookies.some(({ name }) => name === 'session')).toBe(false)
  expect(tokens()).toBe(before)
}

describe('when the session store in Redis', () => {
  const party = 'Session store in Redis'
  const stores: [ConnectionFaultName | FaultName, (url: string) => Promise<string>][] = [
    ...connectionFaultNames.map((name) => [name, connectionFaults[name]] as const),
    ['answers with a page instead of data', async (url: string) => url],
  ].map(([name, address]) => [name as FaultName, address as (url: string) => Promise<string>])

  it.each(stores)('%s, no code is spent on a sign-in', async (fault, addressOf) => {
    const web = await listenOnLoopback((_req, res) => res.end(upstreamWord))
    onTestFinished(() => web.close())
    const address = (await addressOf(web.url)).replace('http', 'redis')
    await signInOver(address, fault, party, () => '–')
  })
})

describe('when the session store in DynamoDB', () => {
  // What DynamoDB answers to a write has no content, so that these are no faults; and silence takes real seconds.
  const notTried: FaultName[] = [
    'answers with a page labelled as data',
    'answers with nothing',
    'calls its data an image',
    'never answers',
  ]
  const party = 'Session store in DynamoDB'
  const withFaults = faultNames.filter((name) => !notTried.includes(name))

  it.each(withFaults)('%s, no code is spent on a sign-in', async (fault) => {
    const database = await listenOnLoopback(faultsIn.json[fault] as () => void)
    onTestFinished(() => database.close())
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', database.url)
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIALOCALDYNAMODB000')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local')
    onTestFinished(() => void vi.unstubAllEnvs())
    await signInOver('dynamodb://sessions', fault, party, () => database.requests.length)
  })
})

describe('docs/faults.md', () => {
  it('says what this run saw', async (context) => {
    const parties = new Set(trials.map(({ party }) => party))
    if (parties.size < 20) return context.skip('not all parties were tried')
    await expect(faultReport(trials)).toMatchFileSnapshot('../../docs/faults.md')
  })
})
