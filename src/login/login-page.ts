import type { RequestHandler } from 'express'
import type { ProviderDirectory } from './providers/index.ts'
import { homePath, returnPath } from './return-path.ts'

const notices: Record<string, { kind: string; text: string }> = {
  expired: { kind: 'info', text: 'Your access has run out. Sign in again to continue where you were.' },
}

/** `GET /`: a button for each provider. The same for every visitor; nobody's session is looked at. */
export const loginPage =
  (providers: ProviderDirectory): RequestHandler =>
  (req, res) => {
    const wanted = returnPath(req.query.returnPath)
    const query = wanted === homePath ? '' : `?${new URLSearchParams({ returnPath: wanted })}`
    res.set('Cache-Control', 'no-cache').render('login', {
      title: 'Sign in',
      notice: Object.hasOwn(notices, String(req.query.notice))
        ? notices[String(req.query.notice)]
        : undefined,
      providers: providers.list().map(({ id, face, available }) => ({
        id,
        label: face.label,
        icon: face.icon,
        available,
        href: `/initiateLogin/${id}${query}`,
      })),
    })
  }
