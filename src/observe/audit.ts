import { AppError } from '../errors.ts'
import type { Access } from '../federation/access.ts'
import type { Identity, Person } from '../federation/identity.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'

/** What STS was asked for, and how long that took. */
interface ExchangeAsked {
  roleArn: string
  requestedSeconds: number
  durationMs: number
}

/** The record of who got and gave up access: log lines with an `audit` field, named after what happened. */
export interface Audit {
  /** STS gave credentials for a web identity token: at a sign-in or a renewal. */
  exchanged(person: Person, asked: ExchangeAsked, access: Access): void
  /** STS did not, or what it gave was not taken. */
  exchangeRefused(identity: Identity, asked: ExchangeAsked, error: unknown): void
  signedIn(person: Person, access: Access): void
  /** A sign-in that was not let in, and what stood in its way. */
  refused(providerId: string, error: unknown): void
  renewed(person: Person, access: Access): void
  /** Access that lapses could not be renewed; the session goes on for as long as the old access is good. */
  renewalRefused(person: Person, error: unknown): void
  signedOut(person: Person): void
  /** A session ended because its owner had not been here for too long. */
  idleEnded(person: Person): void
}

const who = ({ providerId, subject }: Person) => ({ provider: providerId, subject })

const what = ({ roleArn, roleSessionName, accessKeyId, expiresAt }: Access) => ({
  roleArn,
  roleSessionName,
  accessKeyId,
  expiresAt: new Date(expiresAt).toISOString(),
})

const codeOf = (error: unknown) => (error instanceof AppError ? error.code : 'internal.unexpected')

/** Writes each event to the log and counts it. */
export const createAudit = (log: Log, metrics: Metrics): Audit => ({
  exchanged(person, asked, { audience, awsRequestId, ...access }) {
    const line = { ...who(person), ...asked, ...what(access), audience, awsRequestId }
    log.info({ audit: 'sts_exchange', outcome: 'ok', ...line }, 'AWS STS issued credentials')
    metrics.signIn('sts_exchange', person.providerId, 'ok')
  },
  exchangeRefused({ person, trust }, asked, error) {
    const outcome = codeOf(error)
    const { roleSessionName, awsCode, awsRequestId } = error instanceof AppError ? error.details : {}
    const { aud, app_id: appId } = trust?.claims ?? {}
    const line = { ...who(person), ...asked, roleSessionName, audience: aud ?? appId, awsCode, awsRequestId }
    log.info({ audit: 'sts_exchange', outcome, ...line }, 'AWS STS issued no credentials')
    metrics.signIn('sts_exchange', person.providerId, outcome)
  },
  signedIn(person, access) {
    log.info({ audit: 'signed_in', ...who(person), ...what(access) }, 'signed in')
    metrics.signIn('signed_in', person.providerId, 'ok')
  },
  refused(provider, error) {
    const code = codeOf(error)
    log.info({ audit: 'refused', provider, code }, 'sign-in refused')
    metrics.signIn('refused', provider, code)
  },
  renewed(person, access) {
    log.info({ audit: 'renewed', ...who(person), ...what(access) }, 'access renewed')
    metrics.signIn('renewed', person.providerId, 'ok')
  },
  renewalRefused(person, error) {
    const code = codeOf(error)
    log.info({ audit: 'renewal_refused', ...who(person), code }, 'access was not renewed')
    metrics.signIn('renewal_refused', person.providerId, code)
  },
  signedOut(person) {
    log.info({ audit: 'signed_out', ...who(person) }, 'signed out')
    metrics.signIn('signed_out', person.providerId, 'ok')
  },
  idleEnded(person) {
    log.info({ audit: 'idle_ended', ...who(person) }, 'a session ended for idleness')
    metrics.signIn('idle_ended', person.providerId, 'ok')
  },
})
