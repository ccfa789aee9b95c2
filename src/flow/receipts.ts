import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { TrustEvidence } from '../federation/trust-policy.ts'
import type { Log } from '../observe/log.ts'
import { recordRequestWith } from '../request-context.ts'
import type { SealedStore } from '../session/sealed-store.ts'
import { type FlowDetails, type Receipt, summaryOf } from './receipt.ts'
import { currentRecording, type RecordedJourney, Recording } from './recording.ts'

/** Renewals that a receipt tells of: the latest. */
const mostRenewals = 3
/** A receipt of more characters than this is kept as its summary. */
const longest = 100_000

/** Little memory to make ready: with zlib's defaults that takes longer than the packing. */
const packing = { level: 1, memLevel: 5, windowBits: 13 }

/** Names and their order repeat: a third of the text is left. */
const pack = (receipt: Receipt): string => {
  const text = JSON.stringify(receipt)
  const kept = text.length > longest ? JSON.stringify(summaryOf(receipt)) : text
  return deflateRawSync(kept, packing).toString('base64url')
}

const unpack = (packed: string): Receipt =>
  JSON.parse(inflateRawSync(Buffer.from(packed, 'base64url')).toString())

interface ReceiptsParts {
  details: FlowDetails
  /** The operator's own. */
  secrets: readonly string[]
  sessions: SealedStore
  log: Log
}

/**
 * Records sign-ins and keeps their receipts beside the sessions, as far as FLOW_DETAILS wants it. A receipt is never a
 * reason for anything else to fail.
 */
export class Receipts {
  readonly #parts: ReceiptsParts

  constructor(parts: ReceiptsParts) {
    this.#parts = parts
  }

  get details(): FlowDetails {
    return this.#parts.details
  }

  /** From now on, the current request's upstream calls are described. */
  begin(journey: RecordedJourney): void {
    const { details, secrets } = this.#parts
    if (details !== 'off') recordRequestWith(new Recording(journey, secrets, details))
  }

  /** Records `work` alone, in place of what else may record. */
  async during<T>(journey: RecordedJourney, work: () => Promise<T>): Promise<T> {
    const before = currentRecording()
    this.begin(journey)
    try {
      return await work()
    } finally {
      recordRequestWith(before)
    }
  }

  /** What was recorded of the current request, packed; `undefined` where nothing was. */
  written(trust: TrustEvidence | undefined): string | undefined {
    const recording = currentRecording()
    return recording && pack(recording.receipt(trust))
  }

  /** @param endsAt milliseconds since the epoch */
  async keep(sessionId: string, packed: string | undefined, endsAt: number): Promise<void> {
    if (packed === undefined) return
    const { sessions, log } = this.#parts
    await sessions
      .setReceipt(sessionId, packed, endsAt)
      .catch((err: unknown) => log.warn({ err }, 'the receipt of a sign-in was not kept'))
  }

  /** Adds what was recorded of the current request, as a renewal. */
  async addRenewal(sessionId: string, trust: TrustEvidence | undefined): Promise<void> {
    const renewal = currentRecording()?.receipt(trust)
    if (renewal === undefined) return
    const { sessions, log } = this.#parts
    const add = (packed: string) => {
      const receipt = unpack(packed)
      return pack({ ...receipt, renewals: [...(receipt.renewals ?? []), renewal].slice(-mostRenewals) })
    }
    await sessions
      .changeReceipt(sessionId, add)
      .catch((err: unknown) => log.warn({ err }, 'the receipt of a renewal was not kept'))
  }

  /** The receipt of this session, no fuller than FLOW_DETAILS allows; `undefined` where there is none. */
  async read(sessionId: string): Promise<Receipt | undefined> {
    const { details, sessions, log } = this.#parts
    try {
      const packed = await sessions.getReceipt(sessionId)
      if (packed === undefined || details === 'off') return undefined
      return details === 'full' ? unpack(packed) : summaryOf(unpack(packed))
    } catch (err) {
      log.warn({ err }, 'the receipt of a sign-in was not read')
      return undefined
    }
  }
}
