import type { Log } from '../observe/log.ts'
import { recordRequestWith } from '../request-context.ts'
import type { SealedStore } from '../session/sealed-store.ts'
import type { SecretKeeping } from './described.ts'
import { type FlowDetails, type Receipt, summaryOf } from './receipt.ts'
import { currentRecording, type RecordedJourney, Recording } from './recording.ts'

/** Renewals that a receipt tells of: the latest. */
const mostRenewals = 3
/** A receipt of more characters than this is kept as its summary. */
const longest = 100_000

interface ReceiptsParts {
  details: FlowDetails
  keeping: SecretKeeping
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
    const { details, keeping } = this.#parts
    if (details !== 'off') recordRequestWith(new Recording(journey, keeping, details))
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

  /** @param endsAt milliseconds since the epoch */
  async keep(sessionId: string, receipt: Receipt | undefined, endsAt: number): Promise<void> {
    if (!receipt) return
    const { sessions, log } = this.#parts
    const text = JSON.stringify(receipt)
    const kept = text.length > longest ? JSON.stringify(summaryOf(receipt)) : text
    await sessions
      .setReceipt(sessionId, kept, endsAt)
      .catch((err: unknown) => log.warn({ err }, 'the receipt of a sign-in was not kept'))
  }

  /** Adds what a renewal did. */
  async addRenewal(sessionId: string, renewal: Receipt | undefined): Promise<void> {
    if (!renewal) return
    const { sessions, log } = this.#parts
    const add = (text: string) => {
      const receipt = JSON.parse(text) as Receipt
      return JSON.stringify({
        ...receipt,
        renewals: [...(receipt.renewals ?? []), renewal].slice(-mostRenewals),
      })
    }
    await sessions
      .changeReceipt(sessionId, add)
      .catch((err: unknown) => log.warn({ err }, 'the receipt of a renewal was not kept'))
  }

  /** The receipt of this session, no fuller than FLOW_DETAILS allows; `undefined` where there is none. */
  async read(sessionId: string): Promise<Receipt | undefined> {
    const { details, sessions } = this.#parts
    if (details === 'off') return undefined
    const text = await sessions.getReceipt(sessionId)
    if (text === undefined) return undefined
    const receipt = JSON.parse(text) as Receipt
    return details === 'full' ? receipt : summaryOf(receipt)
  }
}
