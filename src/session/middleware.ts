import type { Request, RequestHandler, Response } from 'express'
import session from 'express-session'
import { randomText } from '../random.ts'
import { cookieAttributes, cookieName, cookiesOf } from './cookies.ts'

/** Whether the browser holds a session cookie, good or not. */
export const hasSessionCookie = (req: Request): boolean =>
  cookiesOf(req)[cookieName(req, 'session')] !== undefined

/** Makes the browser forget its session cookie. */
export const clearSessionCookie = (req: Request, res: Response): void => {
  res.clearCookie(cookieName(req, 'session'), cookieAttributes(req))
}

/**
 * express-session with an opaque random id in the cookie and the rest in `store`. Over HTTPS the cookie has the
 * `__Host-` prefix, which a browser accepts from nobody but this origin. (RFC 6265bis, section 4.1.3)
 */
export function sessionMiddleware(store: session.Store, secrets: string[]): RequestHandler {
  const withCookie = (name: string) =>
    session({
      name,
      store,
      secret: secrets,
      genid: randomText,
      resave: false,
      saveUninitialized: false,
      cookie: cookieAttributes,
    })
  const middlewares = new Map(['__Host-session', 'session'].map((name) => [name, withCookie(name)]))
  return function sessionOfRequest(req, res, next) {
    middlewares.get(cookieName(req, 'session'))?.(req, res, next)
  }
}
