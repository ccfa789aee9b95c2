import type { RequestHandler } from 'express'
import type { ProviderDirectory } from './providers/index.ts'
import { homePath, returnPath } from './return-path.ts'

const notices: Record<string, { kind: string; text: string }> = {
  expired: { kind: 'info', text: 'Your access has run out. Sign in again to continue where you were.' },
}

const noticeNamed = (name: unknown) =>
  Object.hasOwn(notices, String(name)) ? notices[String(name)] : undefined

/**
 * `GET /`: a button for each provider. Nobody's session is looked at, so that the page of those who come for nothing in
 * particular is rendered once.
 */
export function loginPage(providers: ProviderDirectory): RequestHandler {
  let usual: Buffer | undefined
  return function loginPage(req, res, next) {
    const wanted = returnPath(req.query.returnPath)
    const notice = noticeNamed(req.query.notice)
    const isUsual = wanted === homePath && notice === undefined
    res.set('Cache-Control', 'no-cache').type('html')
    if (isUsual && usual) {
      res.send(usual)
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
    res.render('login', model, (error, html) => {
      if (error) {
        next(error)
        return
      }
      const page = Buffer.from(html)
      if (isUsual) usual = page
      res.send(page)
    })
  }
}
