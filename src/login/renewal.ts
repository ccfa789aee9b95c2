import type { Request } from 'express'
import { AppError } from '../errors.ts'
import type { ObtainAccess } from '../federation/obtain-access.ts'
import type { Receipts } from '../flow/receipts.ts'
import { inLeg } from '../flow/recording.ts'
import type { Audit } from '../observe/audit.ts'
import type { Log } from '../observe/log.ts'
import { underDeadline } from '../request-context.ts'
import type { SealedStore } from '../session/sealed-store.ts'
import { replaceSignedIn, requireSignedIn, type SignedIn } from '../session/signed-in.ts'
import { refreshTokens } from './authorization-code.ts'
import type { ProviderDirectory } from './providers/index.ts'

/** Access is renewed this long before it ends, and never earlier than in the last tenth of its life. */
const earliestRenewalMs = 5 * 60 * 1000

/** All that an early renewal may take of a page that can be shown without it, in milliseconds. */
const earlyDeadlineMs = 4_000

/** How long a request waits for another one that renews the same access, in milliseconds. */
const patienceMs = 10_000

interface RenewalParts {
  providers: ProviderDirectory
  sessions: SealedStore
  obtainAccess: ObtainAccess
  receipts: Receipts
  audit: Audit
  log: Log
}

/** Runs `work` with access that is good, renewed on the way where it must be. */
export type WithAccess = <T>(req: Request, work: (me: SignedIn) => Promise<T>) => Promise<T>

const msLeft = ({ access }: SignedIn): number => access.expiresAt - Date.now()

const isDue = (me: SignedIn): boolean =>
  msLeft(me) < Math.min(earliestRenewalMs, (me.access.expiresAt - me.access.issuedAt) / 10)

const isExpiry = (error: unknown): boolean => error instanceof AppError && error.code === 'session.expired'

/** The person must come back through the provider, whose name the page shows. */
const lapsed = ({ person }: SignedIn, cause?: unknown): AppError =>
  new AppError('session.expired', { cause, details: { provider: person.providerId } })

/**
 * Renews access by the provider's refresh token, shortly before or after it lapses: the same person, the same role,
 * new credentials, without anybody noticing.
 */
export function createRenewal({
  providers,
  sessions,
  obtainAccess,
  receipts,
  audit,
  log,
}: RenewalParts): WithAccess {
  const exchange = async (req: Request, me: SignedIn, refreshToken: string): Promise<SignedIn> => {
    const provider = providers.find(me.person.providerId)
    const tokens = await inLeg('tokens', () => refreshTokens(provider, refreshToken))
    const identity = await inLeg('identity', () => provider.identify(tokens))
    if (identity.person.subject !== me.person.subject) throw new AppError('provider.profile_mismatch')
    const access = await inLeg('access', () => obtainAccess(provider.roleArn, identity))
    const { accessToken, refreshToken: next } = tokens
    const renewed = { ...me, access, providerTokens: { accessToken, refreshToken: next } }
    await replaceSignedIn(req, sessions, renewed)
    await receipts.addRenewal(req.sessionID, identity.trust)
    audit.renewed(me.person, access)
    return renewed
  }

  const recorded = (req: Request, me: SignedIn, refreshToken: string): Promise<SignedIn> =>
    receipts.during({ providerId: me.person.providerId, grant: 'code' }, () =>
      exchange(req, me, refreshToken),
    )

  /** Once for each set of credentials, however many requests find them lapsing, on whichever instance. */
  const renew = async (req: Request, me: SignedIn, patienceMs: number): Promise<SignedIn> => {
    const { refreshToken } = me.providerTokens
    if (refreshToken === undefined) throw lapsed(me)
    const turn = { name: `renewal:${me.access.accessKeyId}`, secret: req.sessionID, patienceMs }
    const renewed = await sessions.doOnce(turn, () =>
      recorded(req, me, refreshToken).catch((error: unknown) => {
        audit.renewalRefused(me.person, error)
        throw error
      }),
    )
    if (renewed === undefined) throw lapsed(me)
    return renewed
  }

  /** While the old access is good, one request renews it and waits a little; the others do not wait. None is turned away. */
  const renewEarly = async (req: Request, me: SignedIn): Promise<SignedIn> => {
    if (me.providerTokens.refreshToken === undefined) return me
    const renewed = underDeadline(AbortSignal.timeout(earlyDeadlineMs), () => renew(req, me, 0))
    return renewed.catch((err: unknown) => {
      if (err instanceof AppError && err.code === 'session.required') throw err
      log.info({ err, provider: me.person.providerId }, 'access was not renewed early; it is still good')
      return me
    })
  }

  /** Whatever keeps us from renewing, the person can still sign in again. */
  const renewLapsed = (req: Request, me: SignedIn): Promise<SignedIn> =>
    renew(req, me, patienceMs).catch((err: unknown) => {
      if (err instanceof AppError && err.code.startsWith('session.')) throw err
      log.warn({ err, provider: me.person.providerId }, 'access has lapsed and was not renewed')
      throw lapsed(me, err)
    })

  const renewWhereDue = async (req: Request, me: SignedIn): Promise<SignedIn> => {
    if (msLeft(me) <= 0) return renewLapsed(req, me)
    return isDue(me) ? renewEarly(req, me) : me
  }

  return async function withAccess(req, work) {
    const me = await renewWhereDue(req, requireSignedIn(req))
    try {
      return await work(me)
    } catch (error) {
      // Our clock and AWS's may differ: the one that counts says that it is over.
      if (!isExpiry(error)) throw error
      return work(await renewLapsed(req, me))
    }
  }
}
