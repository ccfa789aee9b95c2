import { createHash } from 'node:crypto'
import session from 'express-session'
import { AppError } from '../errors.ts'
import type { Log } from '../observe/log.ts'
import type { Sealer } from './sealing.ts'

type Callback<T> = (error: unknown, result?: T) => void

/** What reaches a store: when it may be forgotten, and the rest encrypted. */
type SealedRecord = session.SessionData & { sealed?: unknown }

const unavailable = (cause: unknown) => new AppError('session.store_unavailable', { cause })

/** The name that a session is filed under: whoever reads it there cannot make a cookie of it. */
const filedUnder = (sessionId: string): string => createHash('sha256').update(sessionId).digest('base64url')

/**
 * Encrypts sessions before any store sees them, under a key that needs the session id, which only the browser's
 * cookie holds. There is deliberately no `touch`: reading a page writes nothing.
 */
export class SealedStore extends session.Store {
  readonly #store: session.Store
  readonly #sealer: Sealer
  readonly #log: Log

  constructor(store: session.Store, sealer: Sealer, log: Log) {
    super()
    this.#store = store
    this.#sealer = sealer
    this.#log = log
  }

  override get(sessionId: string, callback: Callback<session.SessionData | null>): void {
    this.#store.get(filedUnder(sessionId), (error, record) => {
      if (error) callback(unavailable(error))
      else callback(null, record ? this.#open(sessionId, record as SealedRecord) : null)
    })
  }

  override set(sessionId: string, { cookie, ...data }: session.SessionData, callback?: Callback<void>): void {
    const sealed = this.#sealer.seal('session', sessionId, JSON.stringify(data))
    const record: SealedRecord = { cookie, sealed }
    this.#store.set(filedUnder(sessionId), record, (error) => callback?.(error && unavailable(error)))
  }

  override destroy(sessionId: string, callback?: Callback<void>): void {
    this.#store.destroy(filedUnder(sessionId), (error) => callback?.(error && unavailable(error)))
  }

  /** `null` for a record that is not ours, was altered, or was sealed under a secret that is gone. */
  #open(sessionId: string, { cookie, sealed }: SealedRecord): session.SessionData | null {
    const text = typeof sealed === 'string' ? this.#sealer.open('session', sessionId, sealed) : undefined
    if (text !== undefined) return { ...JSON.parse(text), cookie }
    this.#log.warn(
      { session: 'unreadable_record' },
      'a session record could not be opened and counts as signed out',
    )
    return null
  }
}
