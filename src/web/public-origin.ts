import type { RequestHandler } from 'express'
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

/**
 * Settles the public origin of a request: `publicUrl` where the operator gave one, and then no other host is
 * served. Else the Host header and the scheme that a trusted proxy reports. X-Forwarded-Host is never believed:
 * balancers pass it on from anybody.
 * @throws AppError `request.foreign_host`, `request.malformed`
 */
export function publicOrigin(publicUrl: string | undefined): RequestHandler {
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
  return function publicOrigin(req, _res, next) {
    const host = req.headers.host ?? ''
    const scheme = (secure ?? req.protocol === 'https') ? 'https' : 'http'
    // What looks like a host need not be one: `1270.0.1`, or a port above 65535.
    const asked = hostHeader.test(host) ? parse(`${scheme}://${host}`) : null
    if (!asked) throw new AppError('request.malformed')
    // A proxy may be asked with a whole address (RFC 9112, section 3.2.2): only ours, and only its path goes on.
    if (!req.url.startsWith('/')) {
      const target = URL.parse(req.url)
      if (target?.host !== asked.host) throw new AppError('request.malformed')
      req.url = target.pathname + target.search
      req.originalUrl = req.url
    }
    if (expectedHost === undefined) {
      req.publicOrigin = asked.origin
    } else {
      if (asked.host !== expectedHost) throw new AppError('request.foreign_host')
      req.publicOrigin = publicUrl as string
      // Cookies follow the address in the browser, whatever the proxy forgets to say.
      Object.defineProperty(req, 'secure', { value: secure })
    }
    next()
  }
}
