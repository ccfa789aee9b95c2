import { hash } from 'node:crypto'
import type { Request, Response } from 'express'
import { AppError } from '../errors.ts'
import { cookieAttributes, cookieName, cookiesOf } from './cookies.ts'
import type { Sealer } from './sealing.ts'

/** One sign-in under way, from the redirect to the provider until its callback. */
export interface Attempt {
  providerId: string
  /** Single use; names the attempt. */
  state: string
  /** Random, and known to nobody but the browser's sealed cookie. */
  secret: string
  /** As sent, since the code exchange must repeat it. */
  redirectUri: string
  /** PKCE (RFC 7636); `undefined` where the provider does not know it. */
  codeVerifier: string | undefined
  /** OpenID Connect only. */
  nonce: string | undefined
  /** Whether the provider was asked to let the person choose an account. */
  chooseAccount: boolean
  /** Where the person wanted to go: a path of ours. */
  returnPath: string
  /** Milliseconds since the epoch. */
  startedAt: number
}

const lifetimeMs = 10 * 60 * 1000
/** The cookie outlives the attempt, so that a late callback is told from one that never belonged here. */
const cookieLifetimeMs = 60 * 60 * 1000
/** More sign-ins than this at once are no person's. */
const mostAttempts = 5
/** All of them, in bytes. What is before us may take no more than 8 KiB for a header, where other cookies are too. */
const mostAttemptBytes = 6 * 1024

const timeAndTag = /^([0-9a-z]+)-([\w-]{16})$/

/**
 * Attempts of one hour share a key: one for each would be half of what sealing costs. Nonces drawn at random allow 2^32
 * seals under one key, more than any number of instances do in an hour. (NIST SP 800-38D, section 8.3)
 */
const hourOf = (milliseconds: number): string => String(Math.floor(milliseconds / 3_600_000))

/** Attempt cookies of this request, oldest first. The time in the name serves this order and finds the key. */
function pending(req: Request): { name: string; tag: string; value: string; time: number }[] {
  const prefix = cookieName(req, 'attempt-')
  return Object.entries(cookiesOf(req))
    .flatMap(([name, value]) => {
      const [, time, tag] = (name.startsWith(prefix) && timeAndTag.exec(name.slice(prefix.length))) || []
      return time && tag && value ? [{ name, tag, value, time: Number.parseInt(time, 36) }] : []
    })
    .sort((one, other) => one.time - other.time)
}

const tagOf = (state: string): string => hash('sha256', state, 'base64url').slice(0, 16)

/**
 * Keeps attempts in sealed cookies of the browser that made them: nothing is stored for a visitor who never comes
 * back, and any instance can finish what another began.
 */
export class Attempts {
  readonly #sealer: Sealer

  constructor(sealer: Sealer) {
    this.#sealer = sealer
  }

  keep(req: Request, res: Response, attempt: Attempt): void {
    const { state, ...rest } = attempt
    const tag = tagOf(state)
    const name = cookieName(req, `attempt-${attempt.startedAt.toString(36)}-${tag}`)
    const value = this.#sealer.seal('attempt', hourOf(attempt.startedAt), JSON.stringify({ ...rest, tag }))
    let [count, bytes] = [1, name.length + value.length]
    for (const other of pending(req).reverse()) {
      count += 1
      bytes += other.name.length + other.value.length
      if (count > mostAttempts || bytes > mostAttemptBytes) res.clearCookie(other.name, cookieAttributes(req))
    }
    res.cookie(name, value, { ...cookieAttributes(req), maxAge: cookieLifetimeMs })
  }

  /**
   * Hands out the attempt that `state` names, once: its cookie is cleared, whatever the outcome.
   * @throws AppError `login.no_attempt`, `login.state_mismatch`, `login.provider_mismatch`, `login.attempt_expired`
   */
  take(req: Request, res: Response, state: string, providerId: string): Attempt {
    const attempts = pending(req)
    if (attempts.length === 0) throw new AppError('login.no_attempt')
    const tag = tagOf(state)
    const named = attempts.filter((one) => one.tag === tag)
    for (const { name } of named) res.clearCookie(name, cookieAttributes(req))
    const kept = named
      .flatMap(({ time, value }) => this.#sealer.open('attempt', hourOf(time), value) ?? [])
      .map((text): Omit<Attempt, 'state'> & { tag: string } => JSON.parse(text))
      .find((one) => one.tag === tag)
    if (kept === undefined) throw new AppError('login.state_mismatch')
    const { tag: _, ...rest } = kept
    const attempt: Attempt = { ...rest, state }
    if (attempt.providerId !== providerId) throw new AppError('login.provider_mismatch')
    if (Date.now() - attempt.startedAt > lifetimeMs) throw new AppError('login.attempt_expired')
    return attempt
  }
}
