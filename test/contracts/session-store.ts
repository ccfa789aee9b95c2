import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { SessionStore, StoredRecord } from '../../src/session/stores/session-store.ts'

/** An opened store, and how to be rid of it and of what it stands on. */
export interface OpenedStore {
  store: SessionStore
  close(): Promise<void>
}

const hour = 60 * 60 * 1000
const good = (sealed: string): StoredRecord => ({ sealed, expiresAt: Date.now() + hour })
const expired = (sealed: string): StoredRecord => ({ sealed, expiresAt: Date.now() - hour })

let lastId = 0
/** An id that no other test of this process uses. */
const newId = (): string => `contract-${process.pid}-${++lastId}`

/** What every session store owes. `open` makes one that may hold records of others. */
export function sessionStoreContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name}, as a session store`, () => {
    let opened: OpenedStore
    let store: SessionStore

    beforeAll(async () => {
      opened = await open()
      store = opened.store
    })

    afterAll(() => opened.close())

    it('has nothing under an id that was never set', async () => {
      expect(await store.get(newId())).toBeUndefined()
    })

    it.each([
      ['a plain text', 'sealed-1'],
      ['an empty text', ''],
      ['a long text', 'x'.repeat(16_384)],
      ['quotes, line breaks and other scripts', '\'"\\\n{"a":1} -- ; 東京 🦊'],
    ])('gives back %s as it was set, with its expiry', async (_what, sealed) => {
      const id = newId()
      const record = good(sealed)
      await store.set(id, record)
      expect(await store.get(id)).toEqual(record)
    })

    it('keeps records apart, whatever their ids look like', async () => {
      const ids = ["' OR 1=1 --", '__proto__', 'a*', 'a', 'A', 'a:b', '東京'].map((id) => `${newId()}-${id}`)
      await Promise.all(ids.map((id) => store.set(id, good(`of ${id}`))))
      for (const id of ids) expect((await store.get(id))?.sealed).toBe(`of ${id}`)
    })

    it('has the last of several records set under one id', async () => {
      const id = newId()
      await store.set(id, good('first'))
      await store.set(id, good('second'))
      expect((await store.get(id))?.sealed).toBe('second')
    })

    it('has one whole record after many were set at once', async () => {
      const id = newId()
      const texts = Array.from({ length: 20 }, (_, number) => `${number}`.repeat(500))
      await Promise.all(texts.map((text) => store.set(id, good(text))))
      expect(texts).toContain((await store.get(id))?.sealed)
    })

    it('does not give back an expired record', async () => {
      const id = newId()
      await store.set(id, expired('old'))
      expect(await store.get(id)).toBeUndefined()
    })

    it('forgets a record before its time where it is set again with less', async () => {
      const id = newId()
      await store.set(id, good('long'))
      await store.set(id, expired('short'))
      expect(await store.get(id)).toBeUndefined()
    })

    it('has nothing after a delete, which may come twice', async () => {
      const [id, other] = [newId(), newId()]
      await store.set(id, good('gone'))
      await store.set(other, good('stays'))
      await store.delete(id)
      await store.delete(id)
      expect(await store.get(id)).toBeUndefined()
      expect((await store.get(other))?.sealed).toBe('stays')
    })

    it('adds where there is none, and leaves alone what there is', async () => {
      const id = newId()
      expect(await store.add(id, good('first'))).toBe(true)
      expect(await store.add(id, good('second'))).toBe(false)
      expect((await store.get(id))?.sealed).toBe('first')
      await store.delete(id)
      expect(await store.add(id, good('third'))).toBe(true)
    })

    it('adds over an expired record', async () => {
      const id = newId()
      await store.set(id, expired('old'))
      expect(await store.add(id, good('new'))).toBe(true)
      expect((await store.get(id))?.sealed).toBe('new')
    })

    it('lets one of many win that add at once', async () => {
      const id = newId()
      const texts = Array.from({ length: 20 }, (_, number) => `candidate ${number}`)
      const won = await Promise.all(texts.map((text) => store.add(id, good(text))))
      expect(won.filter(Boolean)).toHaveLength(1)
      expect((await store.get(id))?.sealed).toBe(texts[won.indexOf(true)])
    })

    it('replaces what there is', async () => {
      const id = newId()
      await store.set(id, good('first'))
      const record = { sealed: 'second', expiresAt: Date.now() + 2 * hour }
      expect(await store.replace(id, record)).toBe(true)
      expect(await store.get(id)).toEqual(record)
    })

    it('replaces nothing that was deleted, has expired or never was', async () => {
      const [deleted, old, never] = [newId(), newId(), newId()]
      await store.set(deleted, good('first'))
      await store.delete(deleted)
      await store.set(old, expired('old'))
      for (const id of [deleted, old, never]) {
        expect(await store.replace(id, good('risen'))).toBe(false)
        expect(await store.get(id)).toBeUndefined()
      }
    })

    it('stays deleted when a delete meets ten replacements', async () => {
      const id = newId()
      await store.set(id, good('first'))
      const replacements = Array.from({ length: 10 }, () => store.replace(id, good('risen')))
      await Promise.all([...replacements, store.delete(id)])
      expect(await store.get(id)).toBeUndefined()
    })

    it('forgets a record by itself once its time has come', async () => {
      const id = newId()
      await store.set(id, { sealed: 'brief', expiresAt: Date.now() + 80 })
      await vi.waitFor(async () => expect(await store.get(id)).toBeUndefined(), { interval: 20 })
    })

    it('counts from one under each id, apart from the record of the same id', async () => {
      const [id, other] = [newId(), newId()]
      const expiresAt = Date.now() + hour
      await store.set(id, good('record'))
      expect([await store.count(id, expiresAt), await store.count(id, expiresAt)]).toEqual([1, 2])
      expect(await store.count(other, expiresAt)).toBe(1)
      expect((await store.get(id))?.sealed).toBe('record')
      expect(await store.get(other)).toBeUndefined()
    })

    it('misses none of many counts at once', async () => {
      const id = newId()
      const counts = await Promise.all(Array.from({ length: 20 }, () => store.count(id, Date.now() + hour)))
      expect(counts.sort((one, two) => one - two)).toEqual(counts.map((_, index) => index + 1))
    })

    it('answers a check', async () => {
      await expect(store.check()).resolves.toBeUndefined()
    })
  })
}
