import { utcSecond } from '../utc.ts'
import { visible } from '../visible.ts'
import { type LegText, legTexts, type ProviderFacts } from './legs.ts'
import { flowPicture, type LegState } from './picture.ts'
import {
  type Call,
  type CallKind,
  type Field,
  type Leg,
  type LegKind,
  legKinds,
  type Receipt,
} from './receipt.ts'
import { waterfall } from './waterfall.ts'

const callTitles: Record<CallKind, string> = {
  authorization: 'Authorization request, by way of your browser',
  return: 'Answer, by way of your browser',
  token: 'Token endpoint',
  inspection: 'Token information',
  profile: 'Profile',
  keys: 'Signing keys',
  discovery: 'Metadata',
  sts: 'AssumeRoleWithWebIdentity',
  s3: 'ListBuckets',
}

const stateWords: Record<LegState, string | undefined> = {
  plain: undefined,
  done: 'done',
  failed: 'stopped here',
  'not-reached': 'not reached',
}

/** `12 ms`, `0.4 ms`, `1.3 s`. */
function duration(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`
  return `${milliseconds < 10 ? Math.round(milliseconds * 10) / 10 : Math.round(milliseconds)} ms`
}

/** A moment for people and for programs. @param at milliseconds since the epoch */
export function moment(at: number) {
  const date = new Date(at)
  return { words: `${utcSecond(date)} UTC`, iso: date.toISOString() }
}

const wholeNumber = new Intl.NumberFormat('en-GB')

const fieldView = (field: Field) => ({
  name: field.name,
  ...('value' in field
    ? { value: visible(field.value) }
    : { characters: wholeNumber.format(field.length), fingerprint: field.fingerprint }),
})

const callView = ({ kind, call, durationMs, attempts, status, awsRequestId, request, answer }: Call) => ({
  title: callTitles[kind],
  call,
  // What passes through the browser takes no time of ours.
  duration: attempts === undefined ? undefined : duration(durationMs),
  attempts: attempts !== undefined && attempts > 1 ? attempts : undefined,
  status: attempts === undefined ? undefined : (status ?? 'no answer'),
  awsRequestId,
  request: request.map(fieldView),
  answer: answer.map(fieldView),
})

function legView(kind: LegKind, index: number, text: LegText, state: LegState, leg: Leg | undefined) {
  return {
    number: index + 1,
    kind,
    ...text,
    state,
    stateWord: stateWords[state],
    failure: leg?.failure,
    duration: leg && kind !== 'authorization' ? duration(leg.durationMs) : undefined,
    calls: leg?.calls.map(callView) ?? [],
  }
}

/** What a page shows of a journey: picture, legs in order, and how long each call took. */
export interface JourneyAsked {
  receipt: Receipt | undefined
  provider: ProviderFacts
  /** What is said of legs that the receipt does not have. */
  missing: 'plain' | 'not-reached'
}

const isTimed = ({ attempts }: Call): boolean => attempts !== undefined

function waterfallView(legs: readonly Leg[]) {
  const calls = legs.flatMap((leg) =>
    leg.calls.filter(isTimed).map((call) => ({ ...call, number: legKinds.indexOf(leg.kind) + 1 })),
  )
  const bars = waterfall(calls)
  return calls.map((call, index) => ({
    number: call.number,
    title: callTitles[call.kind],
    start: `after ${duration(Math.max(0, call.startMs))}`,
    duration: duration(call.durationMs),
    bar: bars[index],
  }))
}

/** Draws and words a journey; without a receipt, the flow in general. */
export function journeyView({ receipt, provider, missing }: JourneyAsked) {
  // A leg may have been taken twice, where access had to be renewed on the way: the latter counts.
  const legOf = (kind: LegKind): Leg | undefined => receipt?.legs.findLast((leg) => leg.kind === kind)
  const stop = receipt ? legKinds.findIndex((kind) => legOf(kind)?.failure !== undefined) : -1
  const stateOf = (kind: LegKind): LegState => {
    const index = legKinds.indexOf(kind)
    if (index === stop) return 'failed'
    if (legOf(kind)) return 'done'
    return receipt && index > stop ? missing : 'plain'
  }
  const legs = legKinds.map((kind, index) =>
    legView(kind, index, legTexts[kind](provider, receipt?.grant ?? 'code'), stateOf(kind), legOf(kind)),
  )
  // The call that was made just now lies on another axis.
  const timed = receipt?.legs.filter(({ kind }) => kind !== 'use') ?? []
  const away = receipt?.legs.find(({ kind }) => kind === 'authorization')?.startMs
  return {
    legs,
    picture: flowPicture(stateOf, receipt?.grant),
    waterfall: waterfallView(timed),
    awayFor: away === undefined ? undefined : duration(-away),
  }
}
