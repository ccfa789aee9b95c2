import type { RequestHandler } from 'express'
import type { Audit } from '../observe/audit.ts'
import type { Log } from '../observe/log.ts'
import { limitRequestTo } from '../request-context.ts'
import type { SealedStore } from '../session/sealed-store.ts'
import { requireCsrfToken, type SignedIn, signedIn, signOut } from '../session/signed-in.ts'
import type { ProviderDirectory } from './providers/index.ts'
import type { Provider } from './providers/provider.ts'
import { type Revocation, signedOutPath } from './signed-out-page.ts'

/** What a person waits at most for the provider while signing out, in milliseconds. */
const revocationDeadlineMs = 4_000

interface LogoutParts {
  providers: ProviderDirectory
  sessions: SealedStore
  audit: Audit
  log: Log
}

/** Never fails: a provider that does not answer keeps nobody signed in here. */
async function endAtProvider(
  provider: Provider,
  { providerTokens }: SignedIn,
  log: Log,
): Promise<Revocation> {
  const revoked = await provider.revoke(providerTokens).catch((err: unknown) => {
    log.warn({ err, provider: provider.id }, 'the provider did not help to sign out')
  })
  return revoked === undefined ? 'failed' : revoked ? 'revoked' : 'not_possible'
}

/** `POST /logout`: destroys the session, revokes the provider's token, and leads to the page that says so. */
export const logout =
  ({ providers, sessions, audit, log }: LogoutParts): RequestHandler =>
  async (req, res) => {
    const me = signedIn(req)
    if (!me) {
      res.redirect(303, signedOutPath())
      return
    }
    requireCsrfToken(me, new URLSearchParams(req.body as string).get('csrf'))
    // Where the store fails at either, the person is still signed in, and can try again.
    await sessions.forgetOutcome(me.turn)
    await signOut(req, res)
    audit.signedOut(me.person)
    limitRequestTo(revocationDeadlineMs)
    const { providerId } = me.person
    // A provider may have been switched off since.
    const provider = providers.get(providerId)
    const revocation = provider && (await endAtProvider(provider, me, log))
    res.redirect(303, signedOutPath({ providerId, revocation, accessEndsAt: me.access.expiresAt }))
  }
