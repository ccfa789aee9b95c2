import type { RequestHandler } from 'express'
import type { Log } from '../observe/log.ts'
import { limitRequestTo } from '../request-context.ts'
import { signedIn } from '../session/signed-in.ts'
import { utcMinute } from '../utc.ts'
import type { ProviderDirectory } from './providers/index.ts'
import { homePath } from './return-path.ts'

/** What a person waits at most for the provider's metadata, in milliseconds. */
const providerDeadlineMs = 2_000

/** What came of asking the provider to end its token: it did, it knows no way to, or that failed. */
export type Revocation = 'revoked' | 'not_possible' | 'failed'
const revocations: readonly string[] = ['revoked', 'not_possible', 'failed'] satisfies Revocation[]

/** What a sign-out tells the page after it. */
interface Farewell {
  providerId: string
  revocation: Revocation | undefined
  /** Milliseconds since the epoch. */
  accessEndsAt: number
}

/** Address of the page that says what ended. A page of its own, so that Back and Reload repeat no sign-out. */
export const signedOutPath = (farewell?: Farewell): string => {
  if (!farewell) return '/signed-out'
  const { providerId: provider, revocation, accessEndsAt } = farewell
  return `/signed-out?${new URLSearchParams({ provider, ...(revocation && { revocation }), ends: String(accessEndsAt) })}`
}

/** The end of the access, in words; `undefined` where it is over, or no such time. */
function endInWords(ends: unknown): string | undefined {
  const at = Number(ends)
  const isAhead = at > Date.now() && at < Date.now() + 24 * 60 * 60 * 1000
  return isAhead ? `${utcMinute(new Date(at))} UTC` : undefined
}

/** `GET /signed-out`: what ended, and what did not. True of nobody who is signed in, who is sent to their buckets. */
export const signedOutPage =
  ({ providers, log }: { providers: ProviderDirectory; log: Log }): RequestHandler =>
  async (req, res) => {
    if (signedIn(req)) {
      res.redirect(303, homePath)
      return
    }
    limitRequestTo(providerDeadlineMs)
    const { provider: id, revocation, ends } = req.query
    // A provider may have been switched off since.
    const provider = typeof id === 'string' ? providers.get(id) : undefined
    const providerSignOutHref = await provider?.signOutUrl().catch((err: unknown) => {
      log.warn({ err, provider: provider.id }, 'the provider did not help to sign out')
    })
    res.render('signed-out', {
      title: 'Signed out',
      provider: provider && providers.displayName(provider.id),
      revocation: provider && revocations.includes(String(revocation)) ? revocation : undefined,
      providerSignOutHref,
      chooseAccountHref: provider && `/initiateLogin/${provider.id}?account=choose`,
      accessEndsUtc: endInWords(ends),
    })
  }
