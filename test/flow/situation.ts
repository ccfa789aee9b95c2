import { afterAll, afterEach, beforeAll, expect, onTestFinished, vi } from 'vitest'
import type { Fault } from '../../sandbox/faults.ts'
import type { LoopbackServer } from '../../sandbox/loopback-server.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/sandbox.ts'
import type { SessionStore } from '../../src/session/stores/session-store.ts'
import { startApplication, type TestApplication } from '../application.ts'
import type { Answer, HttpBrowser } from '../http-browser.ts'

/** A sandbox and an application that uses it, the same for all tests of a file. */
export interface Situation {
  readonly sandbox: Sandbox
  readonly application: TestApplication
}

type SituationOptions = SandboxOptions & { sessionStore?: SessionStore }

/** Starts both before the tests of this file, and takes back faults and clocks after each of them. */
export function useSituation(
  environment: Record<string, string> = {},
  { sessionStore, ...sandboxOptions }: SituationOptions = {},
): Situation {
  let situation: Situation
  beforeAll(async () => {
    // Asked anew each time, so that AWS follows when a test moves the clock.
    const sandbox = await startSandbox({ clock: () => Date.now(), ...sandboxOptions })
    const application = await startApplication(
      { ...sandbox.environment, ...environment },
      sessionStore ? { sessionStore } : {},
    )
    sandbox.registerApplication(application.url)
    situation = { sandbox, application }
  })
  afterEach(() => {
    vi.useRealTimers()
    const { amazon, google, facebook, sts, s3 } = situation.sandbox
    for (const { faults } of [amazon, google, facebook, sts, s3]) faults.clear()
  })
  afterAll(async () => {
    await situation.application.close()
    await situation.sandbox.close()
  })
  return {
    get sandbox() {
      return situation.sandbox
    },
    get application() {
      return situation.application
    },
  }
}

/** Starts one more application on the same sandbox, for the test at hand. */
export async function alsoStart(
  sandbox: Sandbox,
  environment: Record<string, string> = {},
): Promise<TestApplication> {
  const application = await startApplication({ ...sandbox.environment, ...environment })
  sandbox.registerApplication(application.url)
  onTestFinished(() => application.close())
  return application
}

/** Moves the clock of application and sandbox on, until the test ends. Timers go on as they are. */
export function laterBy(milliseconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds })
}

/** From now on, every deadline of this process passes ten times as soon, and so still in their order. */
export function passDeadlines(): void {
  const timeout = AbortSignal.timeout.bind(AbortSignal)
  const spy = vi
    .spyOn(AbortSignal, 'timeout')
    .mockImplementation((milliseconds) => timeout(milliseconds / 10))
  onTestFinished(() => spy.mockRestore())
}

/** The code that an error page shows; `undefined` for any other page. */
export const codeOn = (body: string): string | undefined =>
  /<dt>Code<\/dt><dd class="mono">([\w.]+)<\/dd>/.exec(body)?.[1]

/** What no page may show of the machine behind it. */
export const innards = /node_modules|node:internal|\.ts:\d|\bat \S+ \(|\/src\/|file:\/\//

/** Expects the error page of `code`: with a request id, uncached, and without a word about what is inside. */
export function expectRefusal({ status, headers, body }: Answer, expected: number, code: string): void {
  expect({ status, code: codeOn(body) }).toEqual({ status: expected, code })
  expect(body).toContain(headers.get('x-request-id'))
  expect(body).not.toMatch(innards)
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('content-security-policy')).toContain("default-src 'none'")
}

/** The answer to a page that only a signed-in person sees: 200, or 303 to the login page. */
export const askForBuckets = (browser: HttpBrowser, { url }: TestApplication): Promise<Answer> =>
  browser.get(`${url}/s3/`)

/** Expects that nobody is signed in with this browser's cookies. */
export async function expectSignedOut(browser: HttpBrowser, application: TestApplication): Promise<void> {
  const { status, location } = await askForBuckets(browser, application)
  expect({ status, path: new URL(location ?? 'none:').pathname }).toEqual({ status: 303, path: '/' })
}

/** Expects that this browser is signed in as the person called `name`. */
export async function expectSignedInAs(
  name: string,
  browser: HttpBrowser,
  application: TestApplication,
): Promise<void> {
  const { status, body } = await askForBuckets(browser, application)
  expect(status).toBe(200)
  expect(body).toContain(`Hello, <bdi>${name}</bdi>`)
}

/** What has been asked of every party behind the application, so that a test can say: nothing more. */
export const callsSoFar = ({ amazon, google, facebook, sts, s3 }: Sandbox) => ({
  // The person's own browser opens these pages.
  amazon: pathsAsked(amazon).filter((path) => path !== '/ap/oa').length,
  google: pathsAsked(google).filter((path) => ['/token', '/oauth2/v3/certs', '/v1/userinfo'].includes(path))
    .length,
  facebook: pathsAsked(facebook).filter((path) => !path.endsWith('/dialog/oauth')).length,
  sts: sts.exchanges.length,
  s3: s3.requests.length,
})

/** Paths of all requests so far, in order. */
export const pathsAsked = ({ requests }: LoopbackServer): string[] =>
  requests.map(({ url }) => url.split('?', 1)[0] ?? '')

/** The query of an authorization URL, or of any other. */
export const queryOf = (url: string | URL | undefined): Record<string, string> =>
  Object.fromEntries(new URL(url ?? 'none:').searchParams)

/** The value of a cookie that this browser keeps for the application. */
export const cookieNamed = (browser: HttpBrowser, name: string | RegExp): string | undefined =>
  browser.cookies.find((one) => (typeof name === 'string' ? one.name === name : name.test(one.name)))?.value

/** All that this browser keeps for the application, as a Cookie header: for somebody who has copied it. */
export const cookieHeader = (browser: HttpBrowser, { url }: TestApplication): string =>
  browser.cookies
    .filter(({ origin }) => origin === url)
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ')

/** Lets the true answer through, and keeps the form that was posted. */
export const keepForm =
  (forms: URLSearchParams[]): Fault =>
  (req, _res, answer) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => forms.push(new URLSearchParams(Buffer.concat(chunks).toString())))
    answer()
  }
