import type { ErrorCode } from '../errors.ts'
import type { TrustEvidence } from '../federation/trust-policy.ts'

/** How much of a sign-in is kept and shown. */
export type FlowDetails = 'full' | 'summary' | 'off'

/** Something that is checked on the way, and what could be done if it were not. */
export interface Check {
  what: string
  why: string
}

/** One named value of a request or an answer: in clear, or as what may be known of it. */
export type Field = { name: string } & (
  | { value: string }
  /** Characters; the fingerprint is the same wherever the same secret turns up in one journey. */
  | { length: number; fingerprint?: string }
)

/** The legs of a sign-in, in order. `use` is the first call with the credentials. */
export const legKinds = ['authorization', 'return', 'tokens', 'identity', 'access', 'use'] as const
export type LegKind = (typeof legKinds)[number]

/** What was asked of whom. */
export type CallKind =
  | 'authorization'
  | 'return'
  | 'token'
  | 'inspection'
  | 'profile'
  | 'keys'
  | 'discovery'
  | 'sts'
  | 's3'

/** One call, described: nothing secret is left in it. Times in milliseconds, counted from the receipt's beginning. */
export interface Call {
  kind: CallKind
  /** Method, host and path; or AWS service and operation. */
  call: string
  startMs: number
  durationMs: number
  attempts?: number | undefined
  /** HTTP status; `undefined` where no answer came. */
  status?: number | undefined
  awsRequestId?: string | undefined
  request: Field[]
  answer: Field[]
}

/** One leg of a journey, over as many calls as it took. */
export interface Leg {
  kind: LegKind
  startMs: number
  durationMs: number
  /** Why it ended the journey; `undefined`: it did not. */
  failure?: ErrorCode | undefined
  calls: Call[]
}

/** What happened in one sign-in, or in one renewal of its access. */
export interface Receipt {
  providerId: string
  grant: 'code' | 'implicit'
  /** Milliseconds since the epoch: when the person came back from the provider. */
  startedAt: number
  legs: Leg[]
  /** What the role's trust policy must say; `undefined` before the identity was known, and in a summary. */
  trust?: TrustEvidence | undefined
  /** Renewals since, oldest first. */
  renewals?: Receipt[]
}

const namesAndTimes = (call: Call): Call => ({ ...call, request: [], answer: [] })

/** The receipt without any value of a request or an answer. */
export const summaryOf = ({ trust: _, renewals, legs, ...receipt }: Receipt): Receipt => ({
  ...receipt,
  legs: legs.map((leg) => ({ ...leg, calls: leg.calls.map(namesAndTimes) })),
  ...(renewals && { renewals: renewals.map(summaryOf) }),
})
