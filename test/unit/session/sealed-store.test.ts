import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cookie, type SessionData } from 'express-session'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createLog } from '../../../src/observe/log.ts'
import { SealedStore } from '../../../src/session/sealed-store.ts'
import { Sealer } from '../../../src/session/sealing.ts'
import type { SessionStore } from '../../../src/session/stores/session-store.ts'
import { sqliteStore } from '../../../src/session/stores/sqlite.ts'

const secret = 'a-secret-of-many-letters'
const sessionId = 'canary-session-id-of-the-cookie'

type Planted = SessionData & { planted: Record<string, string> }

function sessionWith(text = 'some text'): Planted {
  const cookie = new Cookie()
  cookie.maxAge = 60_000
  return {
    cookie,
    planted: {
      text,
      secretAccessKey: 'canary/secret+access+key',
      sessionToken: 'canary-session-token',
      accessToken: 'Atza|canary-access-token',
      email: 'canary@example.com',
    },
  }
}

/** The store in promises, as express-session waits for it. */
const promised = (store: SealedStore) => {
  const wait = <T>(call: (done: (error: unknown, result?: T) => void) => void) =>
    new Promise<T | undefined>((resolve, reject) => {
      call((error, result) => (error ? reject(error) : resolve(result)))
    })
  return {
    get: (id: string) => wait<SessionData | null>((done) => store.get(id, done)),
    set: (id: string, data: SessionData) => wait<void>((done) => store.set(id, data, done)),
    destroy: (id: string) => wait<void>((done) => store.destroy(id, done)),
  }
}

describe('SealedStore', () => {
  let folder: string
  let engine: SessionStore
  let written: string[]

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sealed-store-'))
    engine = sqliteStore(join(folder, 'sessions.sqlite'))
    written = []
  })

  afterEach(async () => {
    await engine.close()
    rmSync(folder, { recursive: true })
  })

  const log = createLog('debug', [], { write: (line) => void written.push(line) })
  const sealedStore = (secrets = [secret], store = engine) => new SealedStore(store, new Sealer(secrets), log)
  const open = (secrets?: string[], store?: SessionStore) => promised(sealedStore(secrets, store))

  /** The engine, noting every id that it is asked for. */
  const recording = (ids: string[]): SessionStore => ({
    ...engine,
    get(id) {
      ids.push(id)
      return engine.get(id)
    },
    set(id, record) {
      ids.push(id)
      return engine.set(id, record)
    },
  })

  const filedUnder = async (id: string): Promise<string> => {
    const ids: string[] = []
    await open([secret], recording(ids)).get(id)
    return ids[0] ?? ''
  }

  it('gives back a session as it was set, and nothing under another id', async () => {
    const store = open()
    await store.set(sessionId, sessionWith('東京'))
    expect(await store.get(sessionId)).toMatchObject({ planted: sessionWith('東京').planted })
    expect(await store.get(`${sessionId}x`)).toBeNull()
    expect(written).toEqual([])
  })

  it('gives back nothing once the session was destroyed', async () => {
    const store = open()
    await store.set(sessionId, sessionWith())
    await store.destroy(sessionId)
    expect(await store.get(sessionId)).toBeNull()
  })

  it('leaves neither session id nor anything of the session readable on disk', async () => {
    const ids: string[] = []
    await open([secret], recording(ids)).set(sessionId, sessionWith())
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'))
    expect(files.join('')).toContain(ids[0])
    expect(files.join('')).not.toMatch(/canary|Atza\||planted/i)
  })

  it('reads no record that was filed under another id', async () => {
    const store = open()
    await store.set(sessionId, sessionWith())
    const record = await engine.get(await filedUnder(sessionId))
    if (!record) throw new Error('no record was filed')
    await engine.set(await filedUnder('another-id'), record)
    expect(await store.get('another-id')).toBeNull()
    expect(await store.get(sessionId)).not.toBeNull()
    expect(written).toHaveLength(1)
  })

  it.each([
    ['cut short', (sealed: string) => sealed.slice(0, -4)],
    [
      'altered',
      (sealed: string) => sealed.slice(0, 30) + (sealed[30] === 'A' ? 'B' : 'A') + sealed.slice(31),
    ],
    ['emptied', () => ''],
    ['replaced by plain JSON', () => JSON.stringify(sessionWith())],
  ])('counts a record that was %s as signed out, and says so in one line', async (_how, change) => {
    const store = open()
    await store.set(sessionId, sessionWith())
    const id = await filedUnder(sessionId)
    const record = await engine.get(id)
    written = []
    await engine.set(id, { sealed: change(record?.sealed ?? ''), expiresAt: Date.now() + 60_000 })
    expect(await store.get(sessionId)).toBeNull()
    expect(written).toHaveLength(1)
    expect(JSON.parse(written[0] ?? '')).toMatchObject({ level: 'warn' })
    expect(written[0]).not.toContain('canary')
  })

  it('reads on while the secret is rotated, and no longer once the old one is withdrawn', async () => {
    const next = 'the-next-secret-of-letters'
    await open([secret]).set(sessionId, sessionWith())
    expect(await open([next, secret]).get(sessionId)).not.toBeNull()
    expect(await open([next]).get(sessionId)).toBeNull()
  })

  it('replaces a session that is there, and does not bring one back that was destroyed', async () => {
    const store = sealedStore()
    const { get, set, destroy } = promised(store)
    await set(sessionId, sessionWith('before'))
    expect(await store.replace(sessionId, sessionWith('after'))).toBe(true)
    expect(await get(sessionId)).toMatchObject({ planted: { text: 'after' } })
    await destroy(sessionId)
    expect(await store.replace(sessionId, sessionWith('risen'))).toBe(false)
    expect(await get(sessionId)).toBeNull()
  })

  it('reports an engine that fails as session.store_unavailable, with the cause', async () => {
    const cause = new Error('connection refused')
    const fail = () => Promise.reject(cause)
    const broken = { ...engine, get: fail, set: fail, delete: fail, replace: fail, add: fail }
    const store = open([secret], broken)
    const expected = { code: 'session.store_unavailable', cause }
    await expect(store.get(sessionId)).rejects.toMatchObject(expected)
    await expect(store.set(sessionId, sessionWith())).rejects.toMatchObject(expected)
    await expect(store.destroy(sessionId)).rejects.toMatchObject(expected)
    await expect(sealedStore([secret], broken).replace(sessionId, sessionWith())).rejects.toMatchObject(
      expected,
    )
  })

  describe('doOnce', () => {
    const turn = { name: 'renewal', secret: sessionId, patienceMs: 5_000 }

    it('does the work once for all that ask at the same time, on whichever instance', async () => {
      let done = 0
      const work = async () => ({ number: ++done, token: 'canary-renewed' })
      const results = await Promise.all([1, 2, 3, 4].map(() => sealedStore().doOnce(turn, work)))
      expect(results).toEqual(Array(4).fill({ number: 1, token: 'canary-renewed' }))
      expect(done).toBe(1)
      const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'))
      expect(files.join('')).not.toContain('canary')
    })

    it('does the work again for who asks more than a minute later', async () => {
      vi.useFakeTimers({ toFake: ['Date'] })
      onTestFinished(() => void vi.useRealTimers())
      let done = 0
      const work = async () => ++done
      await sealedStore().doOnce(turn, work)
      vi.setSystemTime(Date.now() + 59_000)
      expect(await sealedStore().doOnce(turn, work)).toBe(1)
      vi.setSystemTime(Date.now() + 2_000)
      expect(await sealedStore().doOnce(turn, work)).toBe(2)
    })

    it('shows the outcome to nobody without the secret', async () => {
      const store = sealedStore()
      await store.doOnce(turn, async () => 'outcome')
      const stranger = { ...turn, secret: 'guessed', patienceMs: 0 }
      expect(await store.doOnce(stranger, async () => 'done again')).toBeUndefined()
    })

    it('lets another try after the work failed', async () => {
      const store = sealedStore()
      const cause = new Error('words')
      await expect(store.doOnce(turn, () => Promise.reject(cause))).rejects.toBe(cause)
      expect(await store.doOnce(turn, async () => 'done')).toBe('done')
    })

    it('hands out what was done where the engine fails after the work', async () => {
      const broken = { ...engine, replace: () => Promise.reject(new Error('gone')) }
      expect(await sealedStore([secret], broken).doOnce(turn, async () => 'done')).toBe('done')
    })

    it('reports an engine that fails while another works as session.store_unavailable', async () => {
      const broken = { ...engine, add: async () => false, get: () => Promise.reject(new Error('gone')) }
      const asked = sealedStore([secret], broken).doOnce(turn, async () => 'done')
      await expect(asked).rejects.toMatchObject({ code: 'session.store_unavailable' })
    })
  })
})
