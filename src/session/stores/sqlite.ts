import { DatabaseSync, type StatementSync } from 'node:sqlite'
import session from 'express-session'

type Callback<T> = (error: unknown, result?: T) => void

/**
 * Sessions in an SQLite file of this host, for a single instance. Survives a restart. Expired records are deleted,
 * and overwritten in the file, whenever somebody signs in.
 */
export class SqliteStore extends session.Store {
  readonly #database: DatabaseSync
  readonly #select: StatementSync
  readonly #replace: StatementSync
  readonly #delete: StatementSync
  readonly #purge: StatementSync

  /** The path `:memory:` keeps everything in memory. Throws where the file cannot be opened. */
  constructor(path: string) {
    super()
    this.#database = new DatabaseSync(path, { timeout: 2_000 })
    this.#database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA secure_delete = ON;
      CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, record TEXT NOT NULL, expires_at INTEGER NOT NULL) STRICT;
      CREATE INDEX IF NOT EXISTS sessions_by_expiry ON sessions (expires_at);
    `)
    this.#select = this.#database.prepare('SELECT record FROM sessions WHERE id = ? AND expires_at > ?')
    this.#replace = this.#database.prepare(
      'INSERT OR REPLACE INTO sessions (id, record, expires_at) VALUES (?, ?, ?)',
    )
    this.#delete = this.#database.prepare('DELETE FROM sessions WHERE id = ?')
    this.#purge = this.#database.prepare('DELETE FROM sessions WHERE expires_at <= ?')
  }

  override get(id: string, callback: Callback<session.SessionData | null>): void {
    answer(callback, () => {
      const row = this.#select.get(id, Date.now())
      return row ? JSON.parse(String(row.record)) : null
    })
  }

  override set(id: string, record: session.SessionData, callback: Callback<void> = () => {}): void {
    answer(callback, () => {
      this.#purge.run(Date.now())
      this.#replace.run(id, JSON.stringify(record), new Date(record.cookie.expires ?? 0).getTime())
    })
  }

  override destroy(id: string, callback: Callback<void> = () => {}): void {
    answer(callback, () => {
      this.#delete.run(id)
    })
  }

  close(): void {
    this.#database.close()
  }
}

/** Runs `work` and reports as Node callbacks do; what `callback` itself throws is not caught. */
function answer<T>(callback: Callback<T>, work: () => T): void {
  let result: T
  try {
    result = work()
  } catch (error) {
    callback(error)
    return
  }
  callback(null, result)
}
