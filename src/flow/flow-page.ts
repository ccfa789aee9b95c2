import type { Request, RequestHandler, Response } from 'express'
import type { Config } from '../config.ts'
import { AppError } from '../errors.ts'
import type { Readable } from '../federation/permission-policy.ts'
import type { Log } from '../observe/log.ts'
import { logFailure } from '../observe/log-failure.ts'
import { limitRequestTo } from '../request-context.ts'
import { requireSignedIn, type SignedIn, signedIn, type WithAccess } from '../session/signed-in.ts'
import { handsOn } from './hands-on.ts'
import { journeyView, moment } from './leg-view.ts'
import { anyProvider, type ProviderFacts } from './legs.ts'
import type { Leg, Receipt } from './receipt.ts'
import type { Receipts } from './receipts.ts'
import { currentRecording, inLeg } from './recording.ts'

/** All that the page may wait for the provider, STS and S3, in milliseconds. */
const pageDeadlineMs = 15_000

/** What the page needs from other rooms. */
interface FlowPageParts {
  receipts: Receipts
  aws: Config['aws']
  /** What a role is to open to this person. */
  readable: (person: { providerId: string; subject: string }) => Readable
  withAccess: WithAccess
  /** Uses the credentials once, for as little as possible. */
  tryOut: (me: SignedIn) => Promise<unknown>
  providerFacts: (id: string) => ProviderFacts
  /** What every signed-in page shows. */
  signedInView: (me: SignedIn) => object
  log: Log
}

const wantsJson = (req: Request): boolean =>
  req.query.format === 'json' || req.accepts(['html', 'json']) === 'json'

function sendJson(res: Response, receipt: Receipt): void {
  res
    .attachment('sign-in.json')
    .type('json')
    .send(
      `${JSON.stringify({ about: 'A sign-in. Secrets are told by length and fingerprint.', ...receipt }, null, 2)}\n`,
    )
}

/**
 * `GET /flow`: the receipt of a sign-in, with one call to S3 that is made now; the flow in general for everybody else.
 * `?format=json` downloads the receipt.
 */
export function flowPage(parts: FlowPageParts): RequestHandler {
  const { receipts, aws, withAccess, tryOut, providerFacts, log } = parts

  /** Whatever S3 says, or whatever keeps us from asking it, is part of the story. */
  const useNow = async (req: Request, me: SignedIn): Promise<{ me: SignedIn; leg: Leg }> => {
    const journey = { providerId: me.person.providerId, grant: 'code' as const }
    return receipts.during(journey, async () => {
      let latest = me
      const work = (fresh: SignedIn) => {
        latest = fresh
        return inLeg('use', () => tryOut(fresh))
      }
      const failure = await withAccess(req, work).then(
        () => undefined,
        (error: unknown) => error,
      )
      if (failure instanceof AppError && failure.code === 'session.required') throw failure
      if (failure !== undefined) logFailure(log, failure)
      const leg = currentRecording()?.receipt().legs.at(-1)
      const notAsked: Leg = { kind: 'use', startMs: 0, durationMs: 0, failure: 'session.expired', calls: [] }
      return { me: latest, leg: leg ?? notAsked }
    })
  }

  return async function flowPage(req, res) {
    if (!signedIn(req) || receipts.details === 'off') {
      if (wantsJson(req)) {
        requireSignedIn(req)
        throw new AppError('request.not_found')
      }
      const me = signedIn(req)
      res.render('flow', {
        title: 'How signing in works',
        ...(me && parts.signedInView(me)),
        ...journeyView({ receipt: undefined, provider: anyProvider, missing: 'plain' }),
      })
      return
    }
    limitRequestTo(pageDeadlineMs)
    const { me, leg } = await useNow(req, requireSignedIn(req))
    const kept = await receipts.read(req.sessionID)
    const { providerId } = me.person
    const before = kept ?? { providerId, grant: 'code', startedAt: me.signedInAt, legs: [] }
    const receipt: Receipt = { ...before, legs: [...before.legs, leg] }
    if (wantsJson(req)) {
      sendJson(res, receipt)
      return
    }
    const provider = providerFacts(providerId)
    const isFull = receipts.details === 'full'
    res.render('flow', {
      title: 'How you were signed in',
      ...parts.signedInView(me),
      ...journeyView({ receipt, provider, missing: 'plain' }),
      isMine: true,
      isKept: kept !== undefined,
      isFull,
      provider: provider.name,
      signedInAt: moment(receipt.startedAt),
      renewals: receipt.renewals?.map((renewal) => ({
        at: moment(renewal.startedAt),
        ...journeyView({ receipt: renewal, provider, missing: 'plain' }),
      })),
      ...(isFull && handsOn(me, receipt, aws, parts.readable, provider.openIdConnect)),
    })
  }
}
