import { AppError, type ErrorCode } from '../errors.ts'
import type { Exchange, Recorder } from '../exchange.ts'
import type { TrustEvidence } from '../federation/trust-policy.ts'
import { requestContext } from '../request-context.ts'
import { Described } from './described.ts'
import { type Leg, type LegKind, type Receipt, summaryOf } from './receipt.ts'

const rounded = (milliseconds: number): number => Math.round(milliseconds * 10) / 10

const codeOf = (error: unknown): ErrorCode => (error instanceof AppError ? error.code : 'internal.unexpected')

/** What a recording is of. */
export type RecordedJourney = Pick<Receipt, 'providerId' | 'grant'>

/** Writes the receipt of one request while it is served. Nothing raw is kept. */
export class Recording implements Recorder {
  readonly #journey: RecordedJourney
  readonly #described: Described
  readonly #isSummary: boolean
  readonly #startedAt = Date.now()
  readonly #origin = performance.now()
  readonly #legs: Leg[] = []
  #current: Leg | undefined

  /** @param secrets the operator's own */
  constructor(journey: RecordedJourney, secrets: readonly string[], details: 'full' | 'summary') {
    this.#journey = journey
    this.#described = new Described(secrets)
    this.#isSummary = details === 'summary'
  }

  /** Calls outside of any leg are nobody's business here. What cannot be described is left out: nothing may fail here. */
  exchange(exchange: Exchange): void {
    if (this.#current === undefined) return
    const startMs = rounded(exchange.startedAt - this.#origin)
    try {
      const call = this.#described.call(exchange)
      this.#current.calls.push({ ...call, startMs, durationMs: rounded(call.durationMs) })
    } catch {
      // No reason for the call itself to fail.
    }
  }

  async leg<T>(kind: LegKind, work: () => Promise<T>): Promise<T> {
    const began = performance.now()
    const leg: Leg = { kind, startMs: rounded(began - this.#origin), durationMs: 0, calls: [] }
    this.#legs.push(leg)
    this.#current = leg
    try {
      return await work()
    } catch (error) {
      leg.failure = codeOf(error)
      throw error
    } finally {
      leg.durationMs = rounded(performance.now() - began)
      this.#current = undefined
    }
  }

  /** The authorization request that the person took to the provider, at `sentAt` (milliseconds since the epoch). */
  sent(url: URL, sentAt: number): void {
    const startMs = Math.min(0, sentAt - this.#startedAt)
    const call = this.#described.redirect('authorization', `GET ${url.host}${url.pathname}`, url.searchParams)
    this.#legs.push({ kind: 'authorization', startMs, durationMs: 0, calls: [{ ...call, startMs }] })
  }

  /** What the person brought back. */
  cameBack(call: string, parameters: URLSearchParams): void {
    this.#current?.calls.push({ ...this.#described.redirect('return', call, parameters), startMs: 0 })
  }

  /** All of it so far, and what a trust policy must say of it. */
  receipt(trust?: TrustEvidence): Receipt {
    const legs = this.#legs.toSorted((one, other) => one.startMs - other.startMs)
    const receipt = { ...this.#journey, startedAt: this.#startedAt, legs, trust }
    return this.#isSummary ? summaryOf(receipt) : receipt
  }
}

/** The recording of the current request; `undefined` where nobody records. */
export function currentRecording(): Recording | undefined {
  const recorder = requestContext()?.recorder
  return recorder instanceof Recording ? recorder : undefined
}

/** Does `work` as one leg of the journey that the current request records, if it records any. */
export const inLeg = <T>(kind: LegKind, work: () => Promise<T>): Promise<T> =>
  currentRecording()?.leg(kind, work) ?? work()
