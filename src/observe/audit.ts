import { AppError } from '../errors.ts'
import type { Access } from '../federation/access.ts'
import type { Person } from '../federation/identity.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'

/** The record of who got and gave up access: log lines with an `audit` field, named after what happened. */
export interface Audit {
  signedIn(person: Person, access: Access): void
  /** A sign-in that was not let in, and what stood in its way. */
  refused(providerId: string, error: unknown): void
  renewed(person: Person, access: Access): void
  signedOut(person: Person): void
}

const who = ({ providerId, subject }: Person) => ({ provider: providerId, subject })

const what = ({ roleArn, roleSessionName, accessKeyId, expiresAt }: Access) => ({
  roleArn,
  roleSessionName,
  accessKeyId,
  expiresAt: new Date(expiresAt).toISOString(),
})

/** Writes each event to the log and counts it. */
export const createAudit = (log: Log, metrics: Metrics): Audit => ({
  signedIn(person, access) {
    log.info({ audit: 'signed_in', ...who(person), ...what(access) }, 'signed in')
    metrics.signIn('signed_in', person.providerId, 'ok')
  },
  refused(provider, error) {
    const code = error instanceof AppError ? error.code : 'internal.unexpected'
    log.info({ audit: 'refused', provider, code }, 'sign-in refused')
    metrics.signIn('refused', provider, code)
  },
  renewed(person, access) {
    log.info({ audit: 'renewed', ...who(person), ...what(access) }, 'access renewed')
    metrics.signIn('renewed', person.providerId, 'ok')
  },
  signedOut(person) {
    log.info({ audit: 'signed_out', ...who(person) }, 'signed out')
    metrics.signIn('signed_out', person.providerId, 'ok')
  },
})
