import { promisify } from 'node:util'
import type { Request, RequestHandler, Response } from 'express'
import type { Audit } from '../observe/audit.ts'
import type { Metrics } from '../observe/metrics.ts'
import { cookieAttributes, cookieName, cookiesOf } from './cookies.ts'
import type { Sealer } from './sealing.ts'

/** Notes in the browser, sealed for this session alone, that its owner was here just now. */
export function startIdleTime(req: Request, res: Response, sealer: Sealer, idleSeconds: number): void {
  const value = sealer.seal('seen', req.sessionID, String(Date.now()))
  res.cookie(cookieName(req, 'seen'), value, { ...cookieAttributes(req), maxAge: idleSeconds * 1000 })
}

/** Makes the browser forget when its owner was here. */
export function clearIdleCookie(req: Request, res: Response): void {
  res.clearCookie(cookieName(req, 'seen'), cookieAttributes(req))
}

/** Milliseconds since the owner of this session was here; infinite where nothing proves it. */
function idleMs(req: Request, sealer: Sealer): number {
  const value = cookiesOf(req)[cookieName(req, 'seen')]
  const seenAt = value && sealer.open('seen', req.sessionID, value)
  return seenAt ? Date.now() - Number(seenAt) : Number.POSITIVE_INFINITY
}

/**
 * Ends a session whose owner has not been here for `idleSeconds`. The time of the last page travels in a cookie of
 * its own, sealed under the session id, so that reading a page writes nothing to the store.
 */
export const endIdleSessions = (
  sealer: Sealer,
  idleSeconds: number,
  audit: Audit,
  metrics: Metrics,
): RequestHandler =>
  async function endIdleSessions(req, res, next) {
    const me = req.session?.signedIn
    if (!me) {
      next()
      return
    }
    const idle = idleMs(req, sealer)
    if (idle > idleSeconds * 1000) {
      // Not destroy: whoever signs in now needs a session to begin with.
      await promisify(req.session.regenerate.bind(req.session))()
      clearIdleCookie(req, res)
      audit.idleEnded(me.person)
    } else {
      if (idle > idleSeconds * 100) startIdleTime(req, res, sealer, idleSeconds)
      metrics.sessionSeen(req.sessionID)
    }
    next()
  }
