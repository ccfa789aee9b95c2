import type { Access } from '../federation/access.ts'
import type { Person } from '../federation/identity.ts'
import type { Log } from './log.ts'

/** The record of who got and gave up access: log lines with an `audit` field, named after what happened. */
export interface Audit {
  signedIn(person: Person, access: Access): void
  signedOut(person: Person): void
}

export const createAudit = (log: Log): Audit => ({
  signedIn: ({ providerId, subject }, { roleArn, roleSessionName, accessKeyId, expiresAt }) =>
    log.info(
      {
        audit: 'signed_in',
        provider: providerId,
        subject,
        roleArn,
        roleSessionName,
        accessKeyId,
        expiresAt: new Date(expiresAt).toISOString(),
      },
      'signed in',
    ),
  signedOut: ({ providerId, subject }) =>
    log.info({ audit: 'signed_out', provider: providerId, subject }, 'signed out'),
})
