import type { RequestHandler, Response } from 'express'
import type { ProviderDirectory } from './providers/index.ts'
import { homePath, returnPath } from './return-path.ts'

const notices: Record<string, { kind: string; text: string }> = {
  expired: { kind: 'info', text: 'Your access has run out. Sign in again to continue where you were.' },
}

const noticeNamed = (name: unknown) =>
  Object.hasOwn(notices, String(name)) ? notices[String(name)] : undefined

/** A page as a text in which each character is one byte of it: Node sends such a text in one piece with the headers. */
const bytesOf = (page: string): string => Buffer.from(page).toString('latin1')

function send(res: Response, bytes: string): void {
  res.setHeader('Content-Type', 'text/html; charset=utf-8')
  res.setHeader('Cache-Control', 'no-cache')
  res.setHeader('Content-Length', bytes.length)
  res.end(bytes, 'latin1')
}

/**
 * `GET /`: a button for each provider. Nobody's session is looked at, so that the page of those who come for nothing in
 * particular is rendered once.
 */
export function loginPage(providers: ProviderDirectory): RequestHandler {
  let usual: string | undefined
  return function loginPage(req, res, next) {
    const wanted = returnPath(req.query.returnPath)
    const notice = noticeNamed(req.query.notice)
    const isUsual = wanted === homePath && notice === undefined
    if (isUsual && usual) {
      send(res, usual)
      return
    }
    const query = wanted === homePath ? '' : `?${new URLSearchParams({ returnPath: wanted })}`
    const model = {
      title: 'Sign in',
      notice,
      providers: providers.list().map(({ id, face, available }) => ({
        id,
        label: face.label,
        icon: face.icon,
        available,
        href: `/initiateLogin/${id}${query}`,
      })),
    }
    res.render('login', model, (error, page) => {
      if (error) {
        next(error)
        return
      }
      const bytes = bytesOf(page)
      if (isUsual) usual = bytes
      send(res, bytes)
    })
  }
}
