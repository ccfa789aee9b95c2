import type { STS } from '@aws-sdk/client-sts'
import { AppError } from '../errors.ts'
import { assumeRoleWithWebIdentity, type RoleSessionSettings } from './assume-role-with-web-identity.ts'
import type { Identity } from './identity.ts'

/** Whose token it would be: STS finds a provider by `ProviderId`, or by the issuer that an ID token names. */
export interface ProbedProvider {
  id: string
  roleArn: string
  clientId: string
  stsProviderId: Identity['stsProviderId']
  issuer: string | undefined
}

const asJson = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Has the form of an ID token, so that STS looks for its issuer, and a signature that nobody made. */
function unsignedIdToken({ issuer, clientId }: ProbedProvider): string {
  const now = Math.floor(Date.now() / 1000)
  const header = { alg: 'RS256', typ: 'JWT', kid: 'npm-run-doctor' }
  const claims = { iss: issuer, aud: clientId, sub: 'npm-run-doctor', iat: now, exp: now + 300 }
  return `${asJson(header)}.${asJson(claims)}.${Buffer.from('signed by nobody').toString('base64url')}`
}

/**
 * Asks STS for a role with a token that nobody issued. How it refuses shows that it is reached, in a region where it
 * is on, and that all but the token is well formed. Resolves to the refusal; `undefined` where there was none.
 */
export async function probeRole(
  sts: STS,
  settings: RoleSessionSettings,
  provider: ProbedProvider,
): Promise<AppError | undefined> {
  const { id, roleArn, stsProviderId } = provider
  const identity: Identity = {
    person: { providerId: id, subject: 'npm-run-doctor' },
    webIdentityToken: stsProviderId ? 'a-token-that-nobody-issued' : unsignedIdToken(provider),
    ...(stsProviderId && { stsProviderId }),
  }
  try {
    await assumeRoleWithWebIdentity(sts, settings, roleArn, identity)
    return undefined
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
}
