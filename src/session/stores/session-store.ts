/** What a store sees of anything that it keeps: an opaque text, and when to forget it. */
export interface StoredRecord {
  sealed: string
  /** Milliseconds since the epoch. */
  expiresAt: number
}

/**
 * Where sessions are kept. Ids are opaque texts. Every function rejects with the engine's own error where the
 * engine does not answer; an expired record is as good as none.
 */
export interface SessionStore {
  get(id: string): Promise<StoredRecord | undefined>
  set(id: string, record: StoredRecord): Promise<void>
  /** Sets where there is none; false where there is one. Of several callers at once, one gets true. */
  add(id: string, record: StoredRecord): Promise<boolean>
  /** Sets where there is one; false where there is none, so that what was deleted stays so. */
  replace(id: string, record: StoredRecord): Promise<boolean>
  delete(id: string): Promise<void>
  /**
   * Counts one more under this id, apart from any record, and returns how often that was done. Kept until
   * `expiresAt`, in milliseconds since the epoch; an id that has expired is not to be used again.
   */
  count(id: string, expiresAt: number): Promise<number>
  /** Resolves if the engine answers. */
  check(): Promise<void>
  close(): Promise<void>
}
