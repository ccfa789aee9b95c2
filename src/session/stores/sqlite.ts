import { DatabaseSync } from 'node:sqlite'
import type { SessionStore, StoredRecord } from './session-store.ts'

/** For whoever else has the file open. The whole process waits. */
const longestWaitMs = 100

/**
 * Sessions in an SQLite file of this host, for a single instance; they survive a restart. The path `:memory:` keeps
 * everything in memory. Expired records are deleted, and overwritten in the file, whenever one is set. Throws where
 * the file cannot be opened.
 */
export function sqliteStore(path: string): SessionStore {
  const database = new DatabaseSync(path, { timeout: longestWaitMs })
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA secure_delete = ON;
    CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, sealed TEXT NOT NULL, expires_at INTEGER NOT NULL) STRICT;
    CREATE INDEX IF NOT EXISTS sessions_by_expiry ON sessions (expires_at);
    CREATE TABLE IF NOT EXISTS counts (id TEXT PRIMARY KEY, count INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT;
    CREATE INDEX IF NOT EXISTS counts_by_expiry ON counts (expires_at);
  `)
  const select = database.prepare('SELECT sealed, expires_at FROM sessions WHERE id = ? AND expires_at > ?')
  const upsert = database.prepare('INSERT OR REPLACE INTO sessions (id, sealed, expires_at) VALUES (?, ?, ?)')
  const insert = database.prepare('INSERT OR IGNORE INTO sessions (id, sealed, expires_at) VALUES (?, ?, ?)')
  const update = database.prepare('UPDATE sessions SET sealed = ?, expires_at = ? WHERE id = ?')
  const remove = database.prepare('DELETE FROM sessions WHERE id = ?')
  const purge = database.prepare('DELETE FROM sessions WHERE expires_at <= ?')
  const countOne = database.prepare(`
    INSERT INTO counts (id, count, expires_at) VALUES (?, 1, ?)
    ON CONFLICT (id) DO UPDATE SET count = count + 1 RETURNING count`)
  const purgeCounts = database.prepare('DELETE FROM counts WHERE expires_at <= ?')

  return {
    async get(id) {
      const row = select.get(id, Date.now())
      return row && { sealed: String(row.sealed), expiresAt: Number(row.expires_at) }
    },
    async set(id, { sealed, expiresAt }: StoredRecord) {
      purge.run(Date.now())
      upsert.run(id, sealed, expiresAt)
    },
    async add(id, { sealed, expiresAt }) {
      purge.run(Date.now())
      return insert.run(id, sealed, expiresAt).changes === 1
    },
    async replace(id, { sealed, expiresAt }) {
      purge.run(Date.now())
      return update.run(sealed, expiresAt, id).changes === 1
    },
    async delete(id) {
      remove.run(id)
    },
    async count(id, expiresAt) {
      purgeCounts.run(Date.now())
      return Number(countOne.get(id, expiresAt)?.count)
    },
    async check() {
      // A full disk can still be read. Nothing is left of it.
      countOne.get('check', 0)
      purgeCounts.run(0)
    },
    async close() {
      database.close()
    },
  }
}
