import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sqliteStore } from '../../../../src/session/stores/sqlite.ts'
import { sessionStoreContract } from '../../../contracts/session-store.ts'

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'session-store-'))

sessionStoreContract('SQLite in memory', async () => {
  const store = sqliteStore(':memory:')
  return { store, close: () => store.close() }
})

sessionStoreContract('SQLite in a file', async () => {
  const folder = newFolder()
  const store = sqliteStore(join(folder, 'sessions.sqlite'))
  return {
    store,
    async close() {
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
})

describe('sqliteStore', () => {
  let folder: string
  let file: string

  beforeEach(() => {
    folder = newFolder()
    file = join(folder, 'sessions.sqlite')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 5, 1) })
  })

  afterEach(() => {
    vi.useRealTimers()
    rmSync(folder, { recursive: true })
  })

  const inSeconds = (seconds: number): number => Date.now() + seconds * 1000
  /** Every byte that the database has on disk. */
  const dump = (): string =>
    readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), 'latin1'))
      .join('')

  it('still has a record after the process was started anew', async () => {
    const before = sqliteStore(file)
    await before.set('id', { sealed: 'text', expiresAt: inSeconds(60) })
    await before.close()
    const after = sqliteStore(file)
    expect(await after.get('id')).toEqual({ sealed: 'text', expiresAt: inSeconds(60) })
    await after.close()
  })

  it('gives a record out until the millisecond of its expiry', async () => {
    const store = sqliteStore(':memory:')
    const expiresAt = inSeconds(60)
    await store.set('id', { sealed: 'text', expiresAt })
    vi.setSystemTime(expiresAt - 1)
    expect(await store.get('id')).toBeDefined()
    vi.setSystemTime(expiresAt)
    expect(await store.get('id')).toBeUndefined()
    await store.close()
  })

  it('has deleted and expired records no longer in its file once another one is set', async () => {
    const store = sqliteStore(file)
    await store.set('expiring', { sealed: 'canary-expiring'.repeat(50), expiresAt: inSeconds(60) })
    await store.set('deleted', { sealed: 'canary-deleted'.repeat(50), expiresAt: inSeconds(600) })
    await store.set('staying', { sealed: 'canary-staying'.repeat(50), expiresAt: inSeconds(600) })
    expect(dump()).toContain('canary-expiring')
    vi.setSystemTime(inSeconds(61))
    await store.delete('deleted')
    await store.set('another', { sealed: 'another', expiresAt: inSeconds(60) })
    await store.close()
    expect(dump()).toContain('canary-staying')
    expect(dump()).not.toContain('canary-expiring')
    expect(dump()).not.toContain('canary-deleted')
  })

  it('sees at once what another connection to the same file wrote', async () => {
    const [one, other] = [sqliteStore(file), sqliteStore(file)]
    await one.set('id', { sealed: 'first', expiresAt: inSeconds(60) })
    expect(await other.add('id', { sealed: 'second', expiresAt: inSeconds(60) })).toBe(false)
    expect(await other.replace('id', { sealed: 'third', expiresAt: inSeconds(60) })).toBe(true)
    expect((await one.get('id'))?.sealed).toBe('third')
    await one.close()
    await other.close()
  })

  it('cannot be opened where no file can be', () => {
    expect(() => sqliteStore(folder)).toThrow(/unable to open/)
    expect(() => sqliteStore(join(folder, 'no-such-folder', 'sessions.sqlite'))).toThrow(/unable to open/)
  })

  it('says by its check that nothing can be written, though it can be read', async () => {
    const store = sqliteStore(file)
    await store.set('id', { sealed: 'text', expiresAt: inSeconds(60) })
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    await expect(store.check()).rejects.toThrow('database is locked')
    expect((await store.get('id'))?.sealed).toBe('text')
    other.exec('ROLLBACK')
    await store.check()
    expect(other.prepare('SELECT count(*) AS left FROM counts').get()?.left).toBe(0)
    other.close()
    await store.close()
  })

  it('rejects where it was closed', async () => {
    const store = sqliteStore(file)
    await store.close()
    await expect(store.get('id')).rejects.toThrow()
    await expect(store.check()).rejects.toThrow()
  })
})
