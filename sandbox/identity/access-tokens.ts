import type { Clock, Grant } from './grant.ts'

/** An access token as the provider remembers it. Times are in milliseconds since the epoch. */
export interface AccessToken<Application> {
  grant: Grant<Application>
  issuedAt: number
  expiresAt: number
  state: 'valid' | 'expired' | 'revoked'
}

/** The opaque access tokens that a provider has issued, to its own or to other applications. */
export class AccessTokens<Application> {
  readonly #issued = new Map<string, Omit<AccessToken<Application>, 'state'>>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Remembers `token` for `grant` and returns it. */
  issue(token: string, grant: Grant<Application>, lifetimeSeconds: number): string {
    const issuedAt = this.#clock()
    this.#issued.set(token, { grant, issuedAt, expiresAt: issuedAt + lifetimeSeconds * 1000 })
    return token
  }

  /** The token as it stands now; undefined when it was never issued. */
  find(token: string): AccessToken<Application> | undefined {
    const issued = this.#issued.get(token)
    if (!issued) return undefined
    if (issued.grant.revoked) return { ...issued, state: 'revoked' }
    return { ...issued, state: issued.expiresAt <= this.#clock() ? 'expired' : 'valid' }
  }

  /** Revokes every grant that `concerns` says yes to. */
  revoke(concerns: (grant: Grant<Application>) => boolean): void {
    for (const { grant } of this.#issued.values()) {
      if (concerns(grant)) grant.revoked = true
    }
  }
}
