import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Express } from 'express'
import { demoPeople, type Person } from '../sandbox/identity/people.ts'
import { createApp } from '../src/app.ts'
import { createAwsClients } from '../src/aws-client.ts'
import { readConfig, secretsOf } from '../src/config.ts'
import { createHttpClient } from '../src/http-client.ts'
import { ProviderDirectory } from '../src/login/providers/index.ts'
import { createLog } from '../src/observe/log.ts'
import { type Metrics, noMetrics } from '../src/observe/metrics.ts'
import { openSessionStore } from '../src/session/stores/index.ts'
import type { SessionStore } from '../src/session/stores/session-store.ts'
import type { UpstreamCall } from '../src/upstream-call.ts'
import { boundConnections } from '../src/web/bounded-connections.ts'
import { expressMessages } from '../src/web/express-messages.ts'
import type { HttpBrowser } from './http-browser.ts'

/** The application as `main.ts` puts it together, in this process and on a free port. */
export interface TestApplication {
  /** Origin on 127.0.0.1. */
  url: string
  app: Express
  server: Server
  sessionStore: SessionStore
  /** Every line logged so far, parsed. */
  log: Record<string, unknown>[]
  /** Every line logged so far, as written. */
  logText(): string
  close(): Promise<void>
}

type Provider = keyof Person['subjects']

export const ada = demoPeople[0] as Person
export const testSecret = 'test-secret-0123456789-abcdefghijklmnop'

/** Starts the application with `environment` on top of settings that fit a test. */
export async function startApplication(
  environment: Record<string, string> = {},
  options: { sessionStore?: SessionStore; metrics?: Metrics } = {},
): Promise<TestApplication> {
  const config = readConfig({
    SESSION_STORE: 'memory:',
    SESSION_SECRET: testSecret,
    LOG_LEVEL: 'debug',
    RATE_LIMIT: '0',
    ...environment,
  })
  const lines: string[] = []
  const log = createLog(config.logLevel, secretsOf(config), { write: (line) => void lines.push(line) })
  const onCall = (call: UpstreamCall) => log.info(call, 'upstream call')
  const http = createHttpClient(onCall)
  const providers = new ProviderDirectory(config, http)
  const aws = createAwsClients(config, onCall)
  const sessionStore = options.sessionStore ?? (await openSessionStore(config, log))
  const app = createApp({ config, providers, aws, sessionStore, log, metrics: options.metrics ?? noMetrics })
  const server = createServer(expressMessages(app), boundConnections(app))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    app,
    server,
    sessionStore,
    get log() {
      return lines.map((line) => JSON.parse(line))
    },
    logText: () => lines.join(''),
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
      await http.close()
      await aws.destroy()
      await sessionStore.close()
    },
  }
}

/** Begins a sign-in as `person` and goes through the provider's pages; returns the callback URL, unopened. */
export async function signInUpToCallback(
  browser: HttpBrowser,
  application: TestApplication,
  provider: Provider,
  person: Person = ada,
): Promise<URL> {
  const start = await browser.get(`${application.url}/initiateLogin/${provider}`)
  if (start.location === undefined) throw new Error(`/initiateLogin/${provider} answered ${start.status}`)
  return browser.continueAs(person.subjects[provider], start.location)
}

/** Signs `person` in; the browser then holds the session cookie. Returns the answer of the callback. */
export async function signIn(
  browser: HttpBrowser,
  application: TestApplication,
  provider: Provider,
  person: Person = ada,
) {
  return browser.get(await signInUpToCallback(browser, application, provider, person))
}
