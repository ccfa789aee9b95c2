import { randomBytes } from 'node:crypto'
import type { Clock, Grant } from './grant.ts'

/** What became of a code that was presented. `request` is what the code was bound to when it was issued. */
export type Redemption<Application, Request> =
  | { outcome: 'redeemed'; grant: Grant<Application>; request: Request }
  | { outcome: 'unknown' | 'used' | 'expired' }

/** Authorization codes: each can be redeemed once, and for a short time only. */
export class AuthorizationCodes<Application, Request> {
  readonly #issued = new Map<
    string,
    { grant: Grant<Application>; request: Request; expiresAt: number; used: boolean }
  >()
  readonly #clock: Clock
  readonly #lifetimeMs: number

  constructor(clock: Clock, lifetimeMs: number) {
    this.#clock = clock
    this.#lifetimeMs = lifetimeMs
  }

  issue(grant: Grant<Application>, request: Request): string {
    const code = randomBytes(24).toString('base64url')
    this.#issued.set(code, { grant, request, expiresAt: this.#clock() + this.#lifetimeMs, used: false })
    return code
  }

  /**
   * Takes a code in. One that comes a second time may have been stolen, so its grant is revoked, and with it the
   * tokens that the first redemption got.
   * @see RFC 6749 section 4.1.2
   */
  redeem(code: string): Redemption<Application, Request> {
    const issued = this.#issued.get(code)
    if (!issued) return { outcome: 'unknown' }
    if (issued.used) {
      issued.grant.revoked = true
      return { outcome: 'used' }
    }
    issued.used = true
    if (issued.expiresAt <= this.#clock()) return { outcome: 'expired' }
    return { outcome: 'redeemed', grant: issued.grant, request: issued.request }
  }
}
