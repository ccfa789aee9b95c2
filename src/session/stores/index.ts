import type { Store } from 'express-session'
import { SqliteStore } from './sqlite.ts'

/** A store that can be told that the process ends. */
export type SessionStore = Store & { close(): void | Promise<void> }

const byScheme: Record<string, (rest: string) => SessionStore> = {
  memory: () => new SqliteStore(':memory:'),
  sqlite: (path) => new SqliteStore(path || 'sessions.sqlite'),
}

/** Opens the store that `SESSION_STORE` names. Throws where it cannot be opened. */
export function openSessionStore(location: string): SessionStore {
  const [scheme = '', ...rest] = location.split(':')
  const open = byScheme[scheme]
  if (!open) throw new Error(`no session store is called ${scheme}`)
  return open(rest.join(':'))
}
