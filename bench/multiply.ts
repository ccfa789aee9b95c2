import { DatabaseSync } from 'node:sqlite'
import { setImmediate as pause } from 'node:timers/promises'
import { createClient } from 'redis'

/** Copies every record that was in a store at first so many times, under ids of their own. */
export interface Multiplier {
  copy(times: number): Promise<void>
  close(): void
}

/** Copies that are made in one go: the bench can be stopped in between. */
const batch = 250

async function inBatches(times: number, copy: (from: number, to: number) => unknown): Promise<void> {
  for (let from = 0; from < times; from += batch) {
    await copy(from, Math.min(times, from + batch))
    await pause()
  }
}

/** Through a second handle of the file, and in transactions of thousands: the application commits each record. */
export function multiplyInSqlite(path: string): Multiplier {
  const database = new DatabaseSync(path)
  database.exec(`
    PRAGMA synchronous = OFF;
    PRAGMA cache_size = -500000;
    CREATE TEMPORARY TABLE originals AS SELECT sealed, expires_at FROM sessions;
  `)
  // As long as the application's ids, and as evenly spread, which the index of them shows in its size.
  const copyAll = database.prepare(`
    INSERT INTO sessions (id, sealed, expires_at)
    SELECT substr(hex(randomblob(22)), 1, 43), sealed, expires_at FROM originals
  `)
  return {
    async copy(times) {
      await inBatches(times, (from, to) => {
        database.exec('BEGIN')
        for (let copy = from; copy < to; copy += 1) copyAll.run()
        database.exec('COMMIT')
      })
      // The application's small transactions leave no such log behind.
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    },
    close: () => database.close(),
  }
}

/** The end of the key is replaced by a number, so that all keys are as long as the application's. */
const copyKeys = `
  for _, key in ipairs(KEYS) do
    for copy = tonumber(ARGV[1]), tonumber(ARGV[2]) - 1 do
      redis.call('COPY', key, key:sub(1, -8) .. string.format('%07d', copy))
    end
  end`

/** Inside Redis, which copies the time of expiry as well. */
export async function multiplyInRedis(url: string): Promise<Multiplier> {
  // Errors are met where a command is answered.
  const client = createClient({ url }).on('error', () => {})
  await client.connect()
  const keys = await client.keys('*')
  let made = 0
  return {
    async copy(times) {
      await inBatches(times, (from, to) =>
        client.eval(copyKeys, { keys, arguments: [from, to].map((copy) => String(made + copy)) }),
      )
      made += times
    },
    close: () => client.destroy(),
  }
}
