import { createHash } from 'node:crypto'
import { afterAll, beforeAll, vi } from 'vitest'
import type { Fault } from '../../sandbox/faults.ts'
import type { Person } from '../../sandbox/identity/people.ts'
import type { LoopbackServer } from '../../sandbox/loopback-server.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/sandbox.ts'
import type { SessionStore } from '../../src/session/stores/session-store.ts'
import { sqliteStore } from '../../src/session/stores/sqlite.ts'
import { startApplication, type TestApplication } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'

interface PartiesOptions extends SandboxOptions {
  /** On top of what makes the applications use the sandbox. */
  environment?: Record<string, string>
}

/** Sandbox and two instances of the application that share one store. */
interface Parties {
  sandbox: Sandbox
  one: TestApplication
  other: TestApplication
  store: CountedStore
}

/** A store that counts what it is asked for, and can be told to fail. */
interface CountedStore extends SessionStore {
  reads: number
  writes: number
  /** Called before each call; what it throws is the answer. */
  before: () => Promise<void> | void
  /** Counts from zero. */
  reset(): void
}

/** Wraps `store`. `close` is left to whoever opened it. */
function counted(store: SessionStore): CountedStore {
  const counting =
    <A extends unknown[], T>(kind: 'reads' | 'writes', call: (...args: A) => Promise<T>) =>
    async (...args: A) => {
      self[kind] += 1
      await self.before()
      return call(...args)
    }
  const self: CountedStore = {
    reads: 0,
    writes: 0,
    before: () => {},
    reset() {
      self.reads = 0
      self.writes = 0
    },
    get: counting('reads', store.get),
    set: counting('writes', store.set),
    add: counting('writes', store.add),
    replace: counting('writes', store.replace),
    delete: counting('writes', store.delete),
    count: counting('writes', store.count),
    async check() {
      await self.before()
      await store.check()
    },
    async close() {},
  }
  return self
}

/** Parties for the tests of the calling `describe` or file. */
export function useParties({ environment = {}, ...options }: PartiesOptions = {}): Parties {
  const parties = {} as Parties
  const engine = sqliteStore(':memory:')
  beforeAll(async () => {
    const sandbox = await startSandbox(options)
    const store = counted(engine)
    const start = () => startApplication({ ...sandbox.environment, ...environment }, { sessionStore: store })
    const [one, other] = [await start(), await start()]
    sandbox.registerApplication(one.url)
    sandbox.registerApplication(other.url)
    Object.assign(parties, { sandbox, one, other, store })
  })
  afterAll(async () => {
    await parties.one.close()
    await parties.other.close()
    await parties.sandbox.close()
    await engine.close()
  })
  return parties
}

/** The same browser, sent to another instance by a balancer: it brings all its cookies. */
export function sentTo(application: TestApplication, browser: HttpBrowser): HttpBrowser {
  const same = new HttpBrowser()
  same.cookies = browser.cookies.map((cookie) => ({ ...cookie, origin: application.url }))
  return same
}

/** The callback URL as a balancer brings it to another instance. */
export const atInstance = (application: TestApplication, url: URL): URL =>
  new URL(url.pathname + url.search, application.url)

/** Lets the clock that everybody shares jump. Only `Date` is faked: connections and timeouts go on. */
export function passTime(milliseconds: number): void {
  if (!vi.isFakeTimers()) vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.now() + milliseconds)
}

export const minutes = (count: number): number => count * 60 * 1000

/** How often STS has been asked for credentials. */
export const exchanges = ({ sts }: Sandbox): number => sts.exchanges.length

/** The session's id as the cookie holds it, without its signature. */
export function sessionIdOf(browser: HttpBrowser): string {
  const value = browser.cookies.find(({ name }) => /^(__Host-)?session$/.test(name))?.value ?? ''
  return /^s:([^.]+)\./.exec(decodeURIComponent(value))?.[1] ?? ''
}

/** Presses *Sign out* on the bucket list. Returns the page after it. */
export async function signOut(browser: HttpBrowser, application: TestApplication) {
  const page = await browser.get(`${application.url}/s3/`)
  const { location = '' } = await browser.post(`${application.url}/logout`, { csrf: csrfOf(page.body) })
  return browser.get(location)
}

/** The form token of a signed-in page. */
export const csrfOf = (html: string): string => /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''

/** A fault that holds a request back until the gate is opened, and then lets it through. */
export function gate() {
  const reached = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<void>()
  const fault: Fault = (_req, _res, answer) => {
    reached.resolve()
    void opened.promise.then(answer)
  }
  return { fault, reached: reached.promise, open: () => opened.resolve() }
}

/** How often a server was asked for this path. */
export const countOf = ({ requests }: LoopbackServer, path: string): number =>
  requests.filter(({ url }) => url.split('?', 1)[0] === path).length

/** So many people, each with accounts of their own. */
export const crowd = (size: number): Person[] =>
  Array.from({ length: size }, (_, number) => ({
    name: `Visitor ${number}`,
    email: `visitor-${number}@example.com`,
    subjects: {
      amazon: `amzn1.account.AEVISITOR${String(number).padStart(4, '2')}`,
      google: `1${String(number).padStart(20, '0')}`,
      facebook: `1${String(number).padStart(16, '0')}`,
    },
  }))

/** What the store has of the session whose cookie this browser holds. */
export const sessionRecordOf = (store: SessionStore, browser: HttpBrowser) =>
  store.get(
    createHash('sha256')
      .update(`session:${sessionIdOf(browser)}`)
      .digest('base64url'),
  )
