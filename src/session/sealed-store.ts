import { hash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import session, { type SessionData } from 'express-session'
import { AppError } from '../errors.ts'
import type { Log } from '../observe/log.ts'
import type { Sealer } from './sealing.ts'
import type { SessionStore, StoredRecord } from './stores/session-store.ts'

type Callback<T> = (error: unknown, result?: T) => void

/** How long the outcome of something done once is kept for whoever asks again, in milliseconds. */
const outcomeLifetimeMs = 60_000
const pollIntervalMs = 100
/** In place of an outcome that was taken back; opens as nothing. */
const forgotten = '-'

/** The name that a record is filed under: whoever reads it in the store cannot make a cookie of it. */
const filedUnder = (kind: string, id: string): string => hash('sha256', `${kind}:${id}`, 'base64url')

const unavailable = (cause: unknown) => new AppError('session.store_unavailable', { cause })

const orUnavailable = <T>(call: Promise<T>): Promise<T> =>
  call.catch((error: unknown) => {
    throw unavailable(error)
  })

/**
 * Encrypts whatever goes into the store under a key that needs more than SESSION_SECRET: the session id, which only
 * the browser's cookie holds. What express-session calls; there is deliberately no `touch`, so that reading a page
 * writes nothing.
 */
export class SealedStore extends session.Store {
  readonly #store: SessionStore
  readonly #sealer: Sealer
  readonly #log: Log

  constructor(store: SessionStore, sealer: Sealer, log: Log) {
    super()
    this.#store = store
    this.#sealer = sealer
    this.#log = log
  }

  override get(sessionId: string, callback: Callback<SessionData | null>): void {
    answer(callback, async () => {
      const record = await this.#store.get(filedUnder('session', sessionId))
      const text = record && this.#sealer.open('session', sessionId, record.sealed)
      if (record && text === undefined) {
        // Altered, not ours, or sealed under a secret that is gone.
        this.#log.warn('a session record could not be opened and counts as signed out')
      }
      return text === undefined ? null : JSON.parse(text)
    })
  }

  override set(sessionId: string, data: SessionData, callback: Callback<void> = () => {}): void {
    answer(callback, () => this.#store.set(filedUnder('session', sessionId), this.#seal(sessionId, data)))
  }

  /** What was kept beside the session goes with it. */
  override destroy(sessionId: string, callback: Callback<void> = () => {}): void {
    answer(callback, async () => {
      const kinds = ['session', 'receipt'].map((kind) => filedUnder(kind, sessionId))
      await Promise.all(kinds.map((id) => this.#store.delete(id)))
    })
  }

  /** Overwrites a session that is still there; false where it has ended meanwhile, and then nothing is written. */
  async replace(sessionId: string, data: SessionData): Promise<boolean> {
    return orUnavailable(this.#store.replace(filedUnder('session', sessionId), this.#seal(sessionId, data)))
  }

  /**
   * Keeps a text beside a session, apart from it: nobody who reads the session reads it too.
   * @param expiresAt milliseconds since the epoch
   */
  async setReceipt(sessionId: string, text: string, expiresAt: number): Promise<void> {
    const sealed = this.#sealer.seal('receipt', sessionId, text)
    await orUnavailable(this.#store.set(filedUnder('receipt', sessionId), { sealed, expiresAt }))
  }

  /** The text that is kept beside this session; `undefined` where there is none, or none that opens. */
  async getReceipt(sessionId: string): Promise<string | undefined> {
    const record = await orUnavailable(this.#store.get(filedUnder('receipt', sessionId)))
    return record && this.#sealer.open('receipt', sessionId, record.sealed)
  }

  /** Changes the text beside a session, where both are still there; does nothing elsewhere. */
  async changeReceipt(sessionId: string, change: (text: string) => string): Promise<void> {
    const id = filedUnder('receipt', sessionId)
    const record = await orUnavailable(this.#store.get(id))
    const text = record && this.#sealer.open('receipt', sessionId, record.sealed)
    if (record === undefined || text === undefined) return
    const sealed = this.#sealer.seal('receipt', sessionId, change(text))
    await orUnavailable(this.#store.replace(id, { ...record, sealed }))
  }

  /**
   * Does `work` once among all requests of all instances that ask for the same `name` within a minute. The others
   * wait `patienceMs` milliseconds for the same result, which is kept sealed under `secret`, and get `undefined`
   * where it does not come.
   */
  async doOnce<T>(
    { name, secret, patienceMs }: { name: string; secret: string; patienceMs: number },
    work: () => Promise<T>,
  ): Promise<T | undefined> {
    const id = filedUnder('once', name)
    const expiresAt = Date.now() + outcomeLifetimeMs
    const first = await orUnavailable(this.#store.add(id, { sealed: '', expiresAt }))
    if (!first) return this.#awaitOutcome(id, secret, patienceMs)
    const warn = (err: unknown) => this.#log.warn({ err }, 'whoever waits for this outcome waits in vain')
    let result: T
    try {
      result = await work()
    } catch (error) {
      await this.#store.delete(id).catch(warn)
      throw error
    }
    // What is done is done, also where the others cannot be told.
    const sealed = this.#sealer.seal('once', secret, JSON.stringify(result))
    await this.#store.replace(id, { sealed, expiresAt }).catch(warn)
    return result
  }

  /** Takes back the outcome of what was done once: whoever asks for it from now on gets `undefined`. */
  async forgetOutcome(name: string): Promise<void> {
    const nothing = { sealed: forgotten, expiresAt: Date.now() + outcomeLifetimeMs }
    await orUnavailable(this.#store.replace(filedUnder('once', name), nothing))
  }

  async #awaitOutcome<T>(id: string, secret: string, patienceMs: number): Promise<T | undefined> {
    const deadline = Date.now() + patienceMs
    while (true) {
      const record = await orUnavailable(this.#store.get(id))
      const text =
        record && record.sealed !== '' ? this.#sealer.open('once', secret, record.sealed) : undefined
      if (text !== undefined) return JSON.parse(text)
      if (record === undefined || record.sealed === forgotten || Date.now() >= deadline) return undefined
      await pause(pollIntervalMs)
    }
  }

  #seal(sessionId: string, data: SessionData): StoredRecord {
    return {
      sealed: this.#sealer.seal('session', sessionId, JSON.stringify(data)),
      expiresAt: new Date(data.cookie.expires ?? 0).getTime(),
    }
  }
}

/** Reports as Node callbacks do. What `callback` itself throws is not taken for a failure of `work`. */
function answer<T>(callback: Callback<T>, work: () => Promise<T>): void {
  work().then(
    (result) => process.nextTick(callback, null, result),
    (error) => process.nextTick(callback, unavailable(error)),
  )
}
