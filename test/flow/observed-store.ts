import type { SessionStore } from '../../src/session/stores/session-store.ts'
import { sqliteStore } from '../../src/session/stores/sqlite.ts'

/** A session store that tells what it was asked and which records it holds. */
export interface ObservedStore {
  sessionStore: SessionStore
  /** Every call so far: the store's own names. */
  calls: string[]
  /** Ids of the sessions that were put in and not taken out. */
  ids: Set<string>
}

/** A store in memory, watched from outside: what its functions are called with, not how they work. */
export function observedStore(): ObservedStore {
  const calls: string[] = []
  const ids = new Set<string>()
  const note = (name: string, id: string): void => {
    calls.push(name)
    if (name === 'set') ids.add(id)
    if (name === 'delete') ids.delete(id)
  }
  const sessionStore = new Proxy(sqliteStore(':memory:'), {
    get(store, name) {
      const value: unknown = Reflect.get(store, name, store)
      if (typeof value !== 'function' || typeof name === 'symbol') return value
      return (...given: unknown[]) => {
        note(name, String(given[0]))
        return Reflect.apply(value, store, given)
      }
    },
  })
  return { sessionStore, calls, ids }
}
