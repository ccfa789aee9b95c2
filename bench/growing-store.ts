import { statfsSync, statSync } from 'node:fs'
import { freemem } from 'node:os'
import { join } from 'node:path'
import { type Multiplier, multiplyInRedis, multiplyInSqlite } from './multiply.ts'
import { startRedis } from './redis.ts'
import type { Stage } from './stage.ts'

/** A store that is filled beyond what one has time for through the application. */
export interface GrowingStore {
  name: string
  /** SESSION_STORE. */
  url: string
  /** What of it holds the records: a file, or its memory. */
  holder: string
  heldBytes(): number
  /** Bytes that this machine has left for it. */
  roomBytes(): number
  /** Copies what is in it by then. */
  multiplier(): Multiplier | Promise<Multiplier>
}

/** A new SQLite file. */
export function growingSqlite(stage: Stage): GrowingStore {
  const path = join(stage.folder, 'growth.sqlite')
  const bytesOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return {
    name: 'SQLite',
    url: `sqlite:${path}`,
    holder: 'file',
    heldBytes: () => bytesOf(path) + bytesOf(`${path}-wal`),
    roomBytes() {
      const { bavail, bsize } = statfsSync(stage.folder)
      return bavail * bsize
    },
    multiplier: () => multiplyInSqlite(path),
  }
}

/** A new Redis. */
export async function growingRedis(stage: Stage): Promise<GrowingStore> {
  const { url, process } = await startRedis(stage)
  return {
    name: 'Redis',
    url,
    holder: 'memory',
    heldBytes: () => process.residentBytes(),
    roomBytes: freemem,
    multiplier: () => multiplyInRedis(url),
  }
}
