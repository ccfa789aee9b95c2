import type { RequestHandler } from 'express'
import type { Audit } from '../observe/audit.ts'
import type { Log } from '../observe/log.ts'
import { limitRequestTo } from '../request-context.ts'
import type { SealedStore } from '../session/sealed-store.ts'
import { requireCsrfToken, type SignedIn, signedIn, signOut } from '../session/signed-in.ts'
import type { ProviderDirectory } from './providers/index.ts'
import type { Provider } from './providers/provider.ts'

/** What a person waits at most for the provider while signing out, in milliseconds. */
const revocationDeadlineMs = 4_000

const utcTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })

interface LogoutParts {
  providers: ProviderDirectory
  sessions: SealedStore
  audit: Audit
  log: Log
}

/** What the sign-out page says of the provider. */
interface ProviderOutcome {
  /** Whether its token ended too: it did, the provider knows no way to end it, or that failed. */
  revocation: 'revoked' | 'not_possible' | 'failed'
  signOutHref?: string | undefined
}

/** Never fails: a provider that does not answer keeps nobody signed in here. */
async function endAtProvider(
  provider: Provider,
  { providerTokens }: SignedIn,
  log: Log,
): Promise<ProviderOutcome> {
  const failed = (err: unknown) =>
    log.warn({ err, provider: provider.id }, 'the provider did not help to sign out')
  const [revoked, signOutHref] = await Promise.all([
    provider.revoke(providerTokens).catch(failed),
    provider.signOutUrl().catch(failed),
  ])
  const revocation = revoked === undefined ? 'failed' : revoked ? 'revoked' : 'not_possible'
  return { revocation, signOutHref: signOutHref ?? undefined }
}

/** `POST /logout`: destroys the session, revokes the provider's token, and says what ended and what did not. */
export const logout =
  ({ providers, sessions, audit, log }: LogoutParts): RequestHandler =>
  async (req, res) => {
    const me = signedIn(req)
    if (!me) {
      res.render('signed-out', { title: 'Signed out' })
      return
    }
    requireCsrfToken(me, new URLSearchParams(req.body as string).get('csrf'))
    await signOut(req, res)
    await sessions.forgetOutcome(me.turn)
    audit.signedOut(me.person)
    limitRequestTo(revocationDeadlineMs)
    // A provider may have been switched off since.
    const provider = providers.get(me.person.providerId)
    const outcome = provider && (await endAtProvider(provider, me, log))
    res.render('signed-out', {
      title: 'Signed out',
      provider: providers.displayName(me.person.providerId),
      revocation: outcome?.revocation,
      providerSignOutHref: outcome?.signOutHref,
      chooseAccountHref: provider && `/initiateLogin/${provider.id}?account=choose`,
      accessEndsUtc:
        me.access.expiresAt > Date.now() ? `${utcTime.format(me.access.expiresAt)} UTC` : undefined,
    })
  }
