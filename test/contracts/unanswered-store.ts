import { describe, expect, it } from 'vitest'
import type { SessionStore } from '../../src/session/stores/session-store.ts'

const record = { sealed: 'lost', expiresAt: Date.now() + 60 * 60 * 1000 }

const calls: Record<string, (store: SessionStore) => Promise<unknown>> = {
  get: (store) => store.get('id'),
  set: (store) => store.set('id', record),
  add: (store) => store.add('id', record),
  replace: (store) => store.replace('id', record),
  delete: (store) => store.delete('id'),
  count: (store) => store.count('id', record.expiresAt),
  check: (store) => store.check(),
}

/** What every session store owes while its engine does not answer. */
export function unansweredStoreContract(
  name: string,
  open: () => Promise<SessionStore>,
  withinMs: number,
): void {
  describe(name, () => {
    it(`rejects every call within ${withinMs} ms`, async () => {
      const store = await open()
      const startedAt = performance.now()
      const outcomes = await Promise.allSettled(Object.values(calls).map((call) => call(store)))
      const took = performance.now() - startedAt
      await store.close()
      expect(outcomes.map(({ status }) => status)).toEqual(Object.keys(calls).map(() => 'rejected'))
      expect(took).toBeLessThan(withinMs)
    })
  })
}
