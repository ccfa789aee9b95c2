import type { RequestHandler } from 'express'
import type { Audit } from '../observe/audit.ts'
import { requireCsrfToken, signedIn, signOut } from '../session/signed-in.ts'
import type { ProviderDirectory } from './providers/index.ts'

const utcTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })

/** `POST /logout`: destroys the session, and says what ended and what did not. */
export const logout =
  (providers: ProviderDirectory, audit: Audit): RequestHandler =>
  async (req, res) => {
    const me = signedIn(req)
    if (!me) {
      res.render('signed-out', { title: 'Signed out' })
      return
    }
    requireCsrfToken(me, new URLSearchParams(req.body as string).get('csrf'))
    await signOut(req, res)
    audit.signedOut(me.person)
    res.render('signed-out', {
      title: 'Signed out',
      provider: providers.displayName(me.person.providerId),
      accessEndsUtc: `${utcTime.format(me.access.expiresAt)} UTC`,
    })
  }
