import { randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { Request, Response } from 'express'
import { AppError } from '../errors.ts'
import type { Access } from '../federation/access.ts'
import type { Person } from '../federation/identity.ts'
import { clearSessionCookie, hasSessionCookie } from './middleware.ts'

/** What the server keeps of a signed-in person. */
export interface SignedIn {
  person: Person
  access: Access
  /** Every form of a signed-in page carries it. */
  csrfToken: string
}

declare module 'express-session' {
  interface SessionData {
    signedIn?: SignedIn
  }
}

/** The signed-in person of this request, whose access has not run out; `undefined` for anybody else. */
export function signedIn(req: Request): SignedIn | undefined {
  const value = req.session?.signedIn
  return value && value.access.expiresAt > Date.now() ? value : undefined
}

/**
 * The signed-in person of this request.
 * @throws AppError `session.required`, or `session.expired` where the browser still holds the cookie of a session
 */
export function requireSignedIn(req: Request): SignedIn {
  const value = signedIn(req)
  if (value) return value
  throw new AppError(hasSessionCookie(req) ? 'session.expired' : 'session.required')
}

/**
 * Signs a person in under a new session id, and resolves once the store has it: a redirect sent earlier could
 * overtake it. The session ends with the access.
 * @throws AppError `session.store_unavailable`
 */
export async function signIn(req: Request, person: Person, access: Access): Promise<void> {
  await promisify(req.session.regenerate.bind(req.session))()
  req.session.signedIn = { person, access, csrfToken: randomBytes(16).toString('base64url') }
  req.session.cookie.maxAge = access.expiresAt - Date.now()
  await promisify(req.session.save.bind(req.session))()
}

/**
 * Destroys the session record, and then the cookie, which is worthless without it.
 * @throws AppError `session.store_unavailable`
 */
export async function signOut(req: Request, res: Response): Promise<void> {
  await promisify(req.session.destroy.bind(req.session))()
  clearSessionCookie(req, res)
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
