import type { RequestHandler } from 'express'
import type { ProviderDirectory } from './providers/index.ts'
import { homePath, returnPath } from './return-path.ts'

const notices: Record<string, { kind: string; text: string }> = {
  expired: { kind: 'info', text: 'Your access has run out. Sign in again to continue where you were.' },
}

const noticeNamed = (name: unknown) =>
  Object.hasOwn(notices, String(name)) ? notices[String(name)] : undefined

/** The login page, and what it is for those who come for nothing in particular. */
interface LoginPage {
  handler: RequestHandler
  /** The same for all of them. Each character is one byte of it; `undefined` until the first of them has come. */
  usual: () => string | undefined
}

/** `GET /`: a button for each provider. Nobody's session is looked at. */
export function loginPage(providers: ProviderDirectory): LoginPage {
  let usual: string | undefined
  return {
    usual: () => usual,
    handler: function loginPage(req, res, next) {
      const { query } = req
      const wanted = returnPath(query.returnPath)
      const notice = noticeNamed(query.notice)
      const parameters = wanted === homePath ? '' : `?${new URLSearchParams({ returnPath: wanted })}`
      const model = {
        title: 'Sign in',
        notice,
        providers: providers.list().map(({ id, face, available }) => ({
          id,
          label: face.label,
          icon: face.icon,
          available,
          href: `/initiateLogin/${id}${parameters}`,
        })),
      }
      res.render('login', model, (error, page) => {
        if (error) {
          next(error)
          return
        }
        if (wanted === homePath && notice === undefined) usual ??= Buffer.from(page).toString('latin1')
        res.set('Cache-Control', 'no-cache').send(page)
      })
    },
  }
}
