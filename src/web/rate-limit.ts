import { createHmac } from 'node:crypto'
import type { RequestHandler } from 'express'
import { rateLimit } from 'express-rate-limit'
import { AppError } from '../errors.ts'
import type { Log } from '../observe/log.ts'

const windowMs = 60_000
/** A sign-in does not wait longer for a count than this, in milliseconds. */
const patienceMs = 250

interface RateLimitParts {
  /** Requests that one client may make within a minute of the clock; 0: any number. */
  perMinute: number
  /** Counts one more under this id, and tells how many. Whoever shares the counter shares the limit. */
  count: (id: string, expiresAt: number) => Promise<number>
  /** Keeps addresses from being guessed from what is counted. */
  secret: string
  log: Log
}

function inTime<T>(call: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer in ${patienceMs} ms`)), patienceMs)
  return Promise.race([call, promise]).finally(() => clearTimeout(timer))
}

/** How often each client asked this process within the current minute; tells how often it is now. */
function countHere(): (client: string, resetAt: number) => number {
  let current = { resetAt: 0, counts: new Map<string, number>() }
  return (client, resetAt) => {
    if (resetAt !== current.resetAt) current = { resetAt, counts: new Map() }
    const count = (current.counts.get(client) ?? 0) + 1
    current.counts.set(client, count)
    return count
  }
}

/** Passes complaints on to `log`, one a minute. */
function oncePerMinute(log: Log) {
  let saidAt = Number.NEGATIVE_INFINITY
  return (err: unknown) => {
    if (Date.now() - saidAt < windowMs) return
    saidAt = Date.now()
    log.warn({ err }, 'requests are counted by this instance alone')
  }
}

/**
 * Answers `request.too_many` with Retry-After (RFC 6585, section 4) to a client that asks too often. Clients are told
 * apart by address, IPv6 by its /64; counted by the minute of the clock, so that instances agree when one begins.
 * Whoever is over the limit in this process alone is refused without asking for the count: a flood would keep it from
 * coming. Where it does not come, what this process knows counts.
 */
export function limitRate({ perMinute, count, secret, log }: RateLimitParts): RequestHandler {
  if (perMinute === 0) return (_req, _res, next) => next()
  const complain = oncePerMinute(log)
  const here = countHere()
  return rateLimit({
    windowMs,
    limit: perMinute,
    ipv6Subnet: 64,
    // The draft that says when to come back; Retry-After is part of it.
    standardHeaders: 'draft-7',
    legacyHeaders: false,
    // They print to the console; who is trusted to name an address is settled by TRUST_PROXY.
    validate: false,
    store: {
      async increment(client) {
        const resetAt = (Math.floor(Date.now() / windowMs) + 1) * windowMs
        const resetTime = new Date(resetAt)
        const ownCount = here(client, resetAt)
        if (ownCount > perMinute) return { totalHits: ownCount, resetTime }
        const id = createHmac('sha256', secret).update(`${resetAt} ${client}`).digest('base64url')
        const totalHits = await inTime(count(id, resetAt)).catch((error: unknown) => {
          complain(error)
          return ownCount
        })
        return { totalHits, resetTime }
      },
      decrement() {},
      resetKey() {},
    },
    handler: (_req, _res, next) => next(new AppError('request.too_many')),
  })
}
