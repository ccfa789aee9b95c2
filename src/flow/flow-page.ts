import type { Request, RequestHandler, Response } from 'express'
import type { Config } from '../config.ts'
import { AppError } from '../errors.ts'
import { trustPolicyFor } from '../federation/trust-policy.ts'
import { limitRequestTo } from '../request-context.ts'
import { requireSignedIn, type SignedIn, signedIn } from '../session/signed-in.ts'
import { awsCommands, trailQueries } from './commands.ts'
import { journeyView, moment } from './leg-view.ts'
import type { ProviderFacts } from './legs.ts'
import type { Leg, Receipt } from './receipt.ts'
import type { Receipts } from './receipts.ts'
import { currentRecording, inLeg } from './recording.ts'

/** All that the page may wait for the provider, STS and S3, in milliseconds. */
const pageDeadlineMs = 15_000

/** What the page needs from other rooms. */
interface FlowPageParts {
  receipts: Receipts
  aws: Config['aws']
  /** Runs work with access that is good, or sends the person to sign in. */
  withAccess: <T>(req: Request, work: (me: SignedIn) => Promise<T>) => Promise<T>
  /** Uses the credentials once, for as little as possible. */
  tryOut: (me: SignedIn) => Promise<unknown>
  providerFacts: (id: string) => ProviderFacts
  /** What every signed-in page shows. */
  signedInView: (me: SignedIn) => object
}

/** The flow as it is told where nobody in particular signs in. */
const anyProvider: ProviderFacts = {
  name: 'the identity provider',
  openIdConnect: true,
  checks: [
    {
      what: 'The token was issued by this provider, to this application, for this sign-in, and is still good',
      why: 'Or a token that was given to some other site would open this one.',
    },
    {
      what: 'Token and profile speak of the same person',
      why: 'Two answers are put together.',
    },
  ],
}

const pretty = (json: string | undefined): string | undefined =>
  json === undefined ? undefined : JSON.stringify(JSON.parse(json), null, 2)

const wantsJson = (req: Request): boolean =>
  req.query.format === 'json' || req.accepts(['html', 'json']) === 'json'

/** What AWS was told, and how to do and to find the same by hand. */
function handsOn({ access }: SignedIn, receipt: Receipt, aws: Config['aws'], isOpenIdConnect: boolean) {
  const { trust } = receipt
  if (trust === undefined) return undefined
  const exchange = [receipt, ...(receipt.renewals ?? [])].flatMap(({ legs }) =>
    legs.flatMap(({ kind, calls }) => (kind === 'access' ? calls : [])),
  )
  const stsRequestId = exchange.at(-1)?.awsRequestId
  const { roleArn, roleSessionName, accessKeyId, issuedAt } = access
  const stsProviderId = isOpenIdConnect ? undefined : trust.federated
  return {
    policies: {
      role: roleArn,
      session: pretty(aws.sessionPolicy),
      trust: pretty(trustPolicyFor(roleArn, trust)),
    },
    commands: awsCommands({ ...aws, roleArn, roleSessionName, stsProviderId }),
    trail: {
      ...trailQueries({
        region: aws.region,
        accessKeyId,
        roleSessionName,
        stsRequestId,
        startedAt: issuedAt,
      }),
      isAws: aws.stsEndpoint === undefined,
    },
  }
}

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
  const { receipts, aws, withAccess, tryOut, providerFacts } = parts

  /** Whatever S3 says, or whatever keeps us from asking it, is part of the story. */
  const useNow = async (req: Request, me: SignedIn): Promise<{ me: SignedIn; leg: Leg | undefined }> => {
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
    const receipt: Receipt = {
      ...(kept ?? { providerId, grant: 'code', startedAt: me.signedInAt, legs: [] }),
    }
    receipt.legs = [...receipt.legs, ...(leg ? [leg] : [])]
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
      ...(isFull && handsOn(me, receipt, aws, provider.openIdConnect)),
    })
  }
}
