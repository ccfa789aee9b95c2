import type { Request, RequestHandler } from 'express'
import { AppError } from '../errors.ts'

declare global {
  namespace Express {
    interface Request {
      /** The origin under which the person's browser sees this site: `https://host`. */
      publicOrigin: string
    }
  }
}

const hostHeader = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d{1,5})?$/i

/** Settles `publicOrigin` and `secure` of a request, or tells why nobody is served under this address. */
export type SettleOrigin = (req: Request) => 'request.malformed' | 'request.foreign_host' | undefined

/**
 * How the public origin of a request is settled: `publicUrl` where the operator gave one, and then no other host is
 * served. Else the Host header and the scheme that a trusted proxy reports. X-Forwarded-Host is never believed:
 * balancers pass it on from anybody.
 */
export function originRule(publicUrl: string | undefined): SettleOrigin {
  const secure = publicUrl?.startsWith('https:')
  const expectedHost = publicUrl && new URL(publicUrl).host
  // Nearly everybody asks for the same host as the one before.
  let latest: { text: string; url: URL } | undefined
  const parse = (text: string): URL | null => {
    if (latest?.text === text) return latest.url
    const url = URL.parse(text)
    if (url) latest = { text, url }
    return url
  }
  return (req) => {
    const host = req.headers.host ?? ''
    const scheme = (secure ?? req.protocol === 'https') ? 'https' : 'http'
    // What looks like a host need not be one: `1270.0.1`, or a port above 65535.
    const asked = hostHeader.test(host) ? parse(`${scheme}://${host}`) : null
    if (!asked) return 'request.malformed'
    // A proxy may be asked with a whole address (RFC 9112, section 3.2.2): only ours, and only its path goes on.
    if (!req.url.startsWith('/')) {
      const target = URL.parse(req.url)
      if (target?.host !== asked.host) return 'request.malformed'
      req.url = target.pathname + target.search
      req.originalUrl = req.url
    }
    if (expectedHost === undefined) {
      req.publicOrigin = asked.origin
    } else {
      if (asked.host !== expectedHost) return 'request.foreign_host'
      req.publicOrigin = publicUrl as string
      // Cookies follow the address in the browser, whatever the proxy forgets to say.
      Object.defineProperty(req, 'secure', { value: secure })
    }
    return undefined
  }
}

/** @throws AppError `request.foreign_host`, `request.malformed` */
export const publicOrigin = (settleOrigin: SettleOrigin): RequestHandler =>
  function publicOrigin(req, _res, next) {
    const refused = settleOrigin(req)
    if (refused) throw new AppError(refused)
    next()
  }
