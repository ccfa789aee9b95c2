import { AwsError } from '../aws-error.ts'

/** What STS learns from a token that its identity provider vouches for. */
interface WebIdentity {
  subject: string
  audience: string
  /** IAM condition keys and policy variables. */
  contextKeys: Record<string, string>
}

/** An identity provider that STS knows. */
export interface IdentityProvider {
  /** How a request names it: the `ProviderId` parameter, or the `iss` claim of the token. */
  name: string
  /** `Principal.Federated` of the trust policies that mean it. */
  principal: string
  /**
   * Asks the provider about a token.
   *
   * @param now milliseconds since the epoch
   * @throws AwsError `InvalidIdentityToken`, `ExpiredTokenException`, `IDPRejectedClaim`, `IDPCommunicationError`
   */
  verify(token: string, now: number): Promise<WebIdentity>
}

const TIMEOUT_MS = 5000

/**
 * Fetches a JSON object from an identity provider. `undefined`: the provider refused (any 4xx).
 *
 * @throws AwsError `IDPCommunicationError` when there is no answer, a 5xx, or one that is not JSON
 */
export async function askIdentityProvider(url: string): Promise<Record<string, unknown> | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' })
    if (response.status >= 500) throw new Error(`status ${response.status}`)
    return response.ok ? Object(await response.json()) : undefined
  } catch {
    throw new AwsError(
      400,
      'IDPCommunicationError',
      'The identity provider that was asked to verify the incoming identity token could not be reached',
    )
  }
}

/** The token cannot be what it is said to be. */
export const invalidIdentityToken = (message: string): AwsError =>
  new AwsError(400, 'InvalidIdentityToken', message)

/** The provider knows better: revoked, expired, never issued. */
export const rejectedClaim = (): AwsError =>
  new AwsError(403, 'IDPRejectedClaim', 'The identity provider reported that the claim is invalid')
