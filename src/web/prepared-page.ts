import type { RequestHandler } from 'express'
import { requestContext } from '../request-context.ts'
import type { NoteAnswer } from './access-log.ts'
import type { SettleOrigin } from './public-origin.ts'
import { securityHeaders, strictTransport } from './security-headers.ts'

interface PreparedPage {
  path: string
  /** The page, each character one byte of it; `undefined` while it is not known. */
  bytes: () => string | undefined
  settleOrigin: SettleOrigin
  noteAnswer: NoteAnswer
}

/**
 * Answers GET of exactly `path` with a page that is the same for everybody, before anything else looks at the request:
 * what stands before it costs more than the page. Whatever is unusual is left to the rest. Where no header was set before,
 * Node takes all of them as they are, which is a third of what is left.
 */
export function preparedPage({ path, bytes, settleOrigin, noteAnswer }: PreparedPage): RequestHandler {
  const headers = [
    ...securityHeaders.flat(),
    ...['Content-Type', 'text/html; charset=utf-8'],
    ...['Cache-Control', 'no-cache'],
  ]
  return function preparedPage(req, res, next) {
    const page = req.url === path && req.method === 'GET' ? bytes() : undefined
    if (page === undefined || settleOrigin(req) !== undefined) {
      next()
      return
    }
    noteAnswer(req, res, path)
    res.writeHead(200, [
      ...['X-Request-Id', requestContext()?.requestId ?? ''],
      ...headers,
      ...(req.secure ? strictTransport : []),
      ...['Content-Length', String(page.length)],
    ])
    // As a text of bytes it goes out in one piece with the headers.
    res.end(page, 'latin1')
  }
}
