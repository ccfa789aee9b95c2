import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { createApp } from './app.ts'
import { createAwsClients } from './aws-client.ts'
import { type Config, ConfigError, readConfig, secretsOf } from './config.ts'
import { examineOffline } from './doctor/offline.ts'
import { createHttpClient } from './http-client.ts'
import { checkProviders } from './login/providers/check.ts'
import { ProviderDirectory } from './login/providers/index.ts'
import { createLog, type Log } from './observe/log.ts'
import { noMetrics } from './observe/metrics.ts'
import { openSessionStore } from './session/stores/index.ts'
import type { SessionStore } from './session/stores/session-store.ts'
import type { UpstreamCall } from './upstream-call.ts'
import { boundConnections } from './web/bounded-connections.ts'
import { expressMessages } from './web/express-messages.ts'

// An import of this module would load Node's fetch too, for the WebSocket among its exports.
const { createServer } = process.getBuiltinModule('node:http')

/** How long a start leaves the processor to its first answers, before it prepares for the first sign-in, in milliseconds. */
const settleMs = 500
/**
 * How long a connection may be silent while a request is under way, in milliseconds: longer than any page takes. Node waits
 * twice as long for who does not read what was sent.
 */
const silenceMs = 30_000
/** How long requests in flight may take to finish once the process is told to stop, in milliseconds. */
const stopGraceMs = 8_000
/** How often a process that stops looks for connections that have become idle, in milliseconds. */
const sweepMs = 50

/** Ends the process with one line that says why. */
function refuseToStart(problem: string): never {
  process.stderr.write(`cannot start: ${problem}\n`)
  process.exit(1)
}

function readConfigOrExit(): Config {
  try {
    return readConfig(process.env)
  } catch (error) {
    if (error instanceof ConfigError) refuseToStart(error.message)
    throw error
  }
}

async function openSessionStoreOrExit(config: Config, log: Log): Promise<SessionStore> {
  try {
    return await openSessionStore(config, log)
  } catch (error) {
    refuseToStart(`SESSION_STORE cannot be opened: ${(error as Error).message}`)
  }
}

/** Returns the port that was taken. */
function listenOrExit(server: Server, port: number, variable: string): Promise<number> {
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE'
      refuseToStart(inUse ? `port ${port} is already in use (${variable} chooses another)` : error.message)
    })
    server.listen(port, () => resolve((server.address() as AddressInfo).port))
  })
}

/** The short form of the doctor's report: nothing that was configured is ignored in silence. */
function reportConfiguration(config: Config, log: Log): void {
  const levels = { OK: 'info', WARN: 'warn', FAIL: 'error' } as const
  for (const { level, subject, finding, mend } of examineOffline({ env: process.env, config, refused: [] })) {
    log[levels[level]]({ subject, mend }, `${subject} ${finding}`)
  }
}

const config = readConfigOrExit()
const log = createLog(config.logLevel, secretsOf(config))
reportConfiguration(config, log)
const published =
  config.metricsPort === undefined
    ? undefined
    : (await import('./observe/metrics-server.ts')).createMetricsServer()
const metrics = published?.metrics ?? noMetrics
const onCall = (call: UpstreamCall) => {
  log.info(call, 'upstream call')
  metrics.upstreamCall(call)
}
const http = createHttpClient(onCall)
const providers = new ProviderDirectory(config, http)
const aws = createAwsClients(config, onCall)
const sessionStore = await openSessionStoreOrExit(config, log)
const app = createApp({ config, providers, aws, sessionStore, log, metrics })

// Node's own report would print the properties of an error, where libraries keep tokens and whole answers.
process.on('uncaughtException', (err) => {
  log.fatal({ err }, 'the process ends on an unexpected error')
  process.exit(1)
})

const server = createServer(
  {
    ...expressMessages(app),
    // What a browser sends arrives within seconds; who takes longer only holds a connection.
    headersTimeout: 10_000,
    requestTimeout: 20_000,
    // How often both are looked at.
    connectionsCheckingInterval: 2_000,
    // Longer than a balancer keeps an idle connection (60 s), or it would meet closed ones.
    keepAliveTimeout: 65_000,
    maxHeaderSize: 16 * 1024,
  },
  boundConnections(app),
)

// Who does not read what was asked for, or stops in the midst of a download.
server.setTimeout(silenceMs)

let stopping = false
async function stop(signal: string): Promise<void> {
  if (stopping) return
  stopping = true
  log.info({ signal }, 'stopping: requests in flight are finished first')
  // A connection that a balancer keeps alive would go on bringing requests: its next answer is its last.
  server.prependListener('request', (_req, res) => res.setHeader('Connection', 'close'))
  const overdue = setTimeout(() => server.closeAllConnections(), stopGraceMs)
  // What was under way when the stop came leaves connections that nobody else would close.
  const sweep = setInterval(() => server.closeIdleConnections(), sweepMs)
  published?.server.close()
  await new Promise((resolve) => server.close(resolve))
  clearInterval(sweep)
  clearTimeout(overdue)
  await http.close()
  await aws.destroy()
  await sessionStore.close()
  log.info('stopped')
  // A call that nobody waits for any more would keep the process for as long as it may take.
  process.exit()
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)

if (published && config.metricsPort !== undefined) {
  const port = await listenOrExit(published.server, config.metricsPort, 'METRICS_PORT')
  log.info({ port }, 'metrics')
}
const port = await listenOrExit(server, config.port, 'PORT')
log.info({ port }, 'listening')
sessionStore.check().catch((err: unknown) => {
  log.error(
    { err, variable: 'SESSION_STORE' },
    'the session store does not answer: nobody can sign in until it does',
  )
})

async function prepareForSignIns(): Promise<void> {
  await pause(settleMs, undefined, { ref: false })
  if (stopping) return
  void checkProviders(providers, log)
  await Promise.all([http.prepare(), aws.prepare()])
}

/** Resolves when all that a sign-in needs is loaded. Whoever comes earlier waits for just that, and nobody else does. */
export const prepared = prepareForSignIns()
