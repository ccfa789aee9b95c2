import type { STS } from '@aws-sdk/client-sts'
import type { Audit } from '../observe/audit.ts'
import type { Access } from './access.ts'
import { assumeRoleWithWebIdentity, type RoleSessionSettings } from './assume-role-with-web-identity.ts'
import type { Identity } from './identity.ts'

/** Exchanges a web identity for access to a role, and leaves a record of it. @throws AppError `federation.*` */
export type ObtainAccess = (roleArn: string, identity: Identity) => Promise<Access>

/** The one way to AWS STS for whoever signs in or renews: no exchange, granted or refused, goes unrecorded. */
export const createObtainAccess =
  (sts: () => Promise<STS>, settings: RoleSessionSettings, audit: Audit): ObtainAccess =>
  async (roleArn, identity) => {
    const startedAt = performance.now()
    const asked = () => ({
      roleArn,
      requestedSeconds: settings.roleSessionSeconds,
      durationMs: Math.round(performance.now() - startedAt),
    })
    try {
      const access = await assumeRoleWithWebIdentity(await sts(), settings, roleArn, identity)
      audit.exchanged(identity.person, asked(), access)
      return access
    } catch (error) {
      audit.exchangeRefused(identity, asked(), error)
      throw error
    }
  }
