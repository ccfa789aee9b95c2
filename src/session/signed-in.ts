import { timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { Request, Response } from 'express'
import { AppError } from '../errors.ts'
import type { Access } from '../federation/access.ts'
import type { Person } from '../federation/identity.ts'
import { randomBytes } from '../random.ts'
import { clearIdleCookie, startIdleTime } from './idle.ts'
import { clearSessionCookie, hasSessionCookie } from './middleware.ts'
import type { SealedStore } from './sealed-store.ts'
import type { Sealer } from './sealing.ts'

/** What the server keeps of a signed-in person. */
export interface SignedIn {
  person: Person
  access: Access
  /** What the provider gave, as far as it is needed again: to renew the access, and to be revoked at sign-out. */
  providerTokens: { accessToken: string; refreshToken?: string | undefined }
  /** Every form of a signed-in page carries it. */
  csrfToken: string
  /** Names what was done once to sign in; its outcome ends with the session. */
  turn: string
  /** Milliseconds since the epoch. */
  signedInAt: number
}

declare module 'express-session' {
  interface SessionData {
    signedIn?: SignedIn
  }
}

/** How long sessions last. */
export interface SessionTimes {
  lifetimeSeconds: number
  idleSeconds: number
}

/** Runs work with access that is good, or sends the person to sign in. */
export type WithAccess = <T>(req: Request, work: (me: SignedIn) => Promise<T>) => Promise<T>

/** Access that cannot be renewed leaves a record this long, so that the person can be told whose sign-in to repeat. */
const lapsedRecordMs = 60 * 60 * 1000

/** The signed-in person of this request, also where the access has lapsed; `undefined` for anybody else. */
export const signedIn = (req: Request): SignedIn | undefined => req.session?.signedIn

/**
 * The signed-in person of this request.
 * @throws AppError `session.required`, or `session.expired` where the browser still holds the cookie of a session
 */
export function requireSignedIn(req: Request): SignedIn {
  const me = signedIn(req)
  if (me) return me
  throw new AppError(hasSessionCookie(req) ? 'session.expired' : 'session.required')
}

/** When a session ends for good, in milliseconds since the epoch. */
const recordEndsAt = (
  { access, providerTokens, signedInAt }: SignedIn,
  { lifetimeSeconds }: SessionTimes,
): number => {
  const absoluteEnd = signedInAt + lifetimeSeconds * 1000
  return providerTokens.refreshToken ? absoluteEnd : Math.min(absoluteEnd, access.expiresAt + lapsedRecordMs)
}

/**
 * When this access ends unless something is done, in milliseconds since the epoch: the least of the credentials'
 * expiry, the session's lifetime, and the idle time counted from `now`.
 */
export const accessEndsAt = ({ access, signedInAt }: SignedIn, times: SessionTimes, now: number): number =>
  Math.min(access.expiresAt, signedInAt + times.lifetimeSeconds * 1000, now + times.idleSeconds * 1000)

/**
 * Signs a person in under a new session id, and resolves once the store has it: a redirect sent earlier could
 * overtake it. `beside` runs meanwhile, with that id and when its record ends, in milliseconds since the epoch.
 * @throws AppError `session.store_unavailable`
 */
export async function signIn(
  req: Request,
  res: Response,
  who: Pick<SignedIn, 'person' | 'access' | 'providerTokens' | 'turn'>,
  { times, sealer }: { times: SessionTimes; sealer: Sealer },
  beside: (sessionId: string, endsAt: number) => Promise<void>,
): Promise<void> {
  try {
    // No id that came from a browser is kept. Who brought none has a new one already, and no record that would have to go.
    // A record that was found tells of one as well: express-session reads cookies by itself, and may see another.
    if (hasSessionCookie(req) || signedIn(req)) await promisify(req.session.regenerate.bind(req.session))()
    const now = Date.now()
    const me: SignedIn = { ...who, csrfToken: randomBytes(16).toString('base64url'), signedInAt: now }
    req.session.signedIn = me
    const endsAt = recordEndsAt(me, times)
    req.session.cookie.maxAge = endsAt - now
    await Promise.all([promisify(req.session.save.bind(req.session))(), beside(req.sessionID, endsAt)])
  } catch (error) {
    // express-session would try once more at the end of the answer, and sign in whom we tell of a failure.
    delete (req as Partial<Request>).session
    throw error
  }
  startIdleTime(req, res, sealer, times.idleSeconds)
}

/**
 * Writes what has changed of a session that is still there. Past express-session, which would bring one back that
 * has ended meanwhile.
 * @throws AppError `session.required` where it has ended, `session.store_unavailable`
 */
export async function replaceSignedIn(req: Request, sessions: SealedStore, me: SignedIn): Promise<void> {
  const stillThere = await sessions.replace(req.sessionID, { cookie: req.session.cookie, signedIn: me })
  if (!stillThere) throw new AppError('session.required')
}

/**
 * Destroys the session record, and then the cookies, which are worthless without it.
 * @throws AppError `session.store_unavailable`
 */
export async function signOut(req: Request, res: Response): Promise<void> {
  await promisify(req.session.destroy.bind(req.session))()
  clearSessionCookie(req, res)
  clearIdleCookie(req, res)
}

/**
 * Lets a form through only if it carries the token of this session. (OWASP Cross-Site Request Forgery Prevention,
 * synchronizer token)
 * @throws AppError `request.cross_site`
 */
export function requireCsrfToken({ csrfToken }: SignedIn, submitted: string | null): void {
  const expected = Buffer.from(csrfToken)
  const given = Buffer.from(submitted ?? '')
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new AppError('request.cross_site')
}
