import { parseCookie } from 'cookie'
import type { Request } from 'express'

/**
 * The name of a cookie of ours. Over HTTPS it has the prefix that makes browsers take it from nobody but this
 * origin. (RFC 6265bis, section 4.1.3.2)
 */
export const cookieName = (req: Request, name: string): string => (req.secure ? `__Host-${name}` : name)

/** What every cookie of ours has in common. */
export const cookieAttributes = (req: Request) =>
  ({ path: '/', httpOnly: true, sameSite: 'lax', secure: req.secure }) as const

/** The cookies of a request by name. */
export const cookiesOf = (req: Request): Record<string, string | undefined> =>
  parseCookie(req.headers.cookie ?? '')
