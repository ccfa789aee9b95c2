import { createClient } from 'redis'
import type { Log } from '../../observe/log.ts'
import type { SessionStore, StoredRecord } from './session-store.ts'

const prefix = 'session:'
const commandTimeoutMs = 2_000
const longestReconnectDelayMs = 2_000

/**
 * Sessions in Redis or Valkey, shared by all instances. `url` as in `rediss://user:password@host:6379/0`. While
 * the server is away every call fails at once, and the connection comes back by itself.
 */
export function redisStore(url: string, log: Log): SessionStore {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    commandOptions: { timeout: commandTimeoutMs },
    socket: {
      connectTimeout: commandTimeoutMs,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, longestReconnectDelayMs),
    },
  })
  client.on('error', (err) => log.error({ err }, 'the connection to the session store failed'))
  client.on('ready', () => log.info('connected to the session store'))
  // Reported above; it goes on trying until it is closed.
  client.connect().catch(() => {})

  const put = async (id: string, record: StoredRecord, condition?: 'NX' | 'XX'): Promise<boolean> => {
    const answer = await client.set(prefix + id, JSON.stringify(record), {
      ...(condition && { condition }),
      expiration: { type: 'PXAT', value: record.expiresAt },
    })
    return answer !== null
  }

  return {
    async get(id) {
      const text = await client.get(prefix + id)
      return text === null ? undefined : JSON.parse(text)
    },
    async set(id, record) {
      await put(id, record)
    },
    add: (id, record) => put(id, record, 'NX'),
    replace: (id, record) => put(id, record, 'XX'),
    async delete(id) {
      await client.del(prefix + id)
    },
    async check() {
      await client.ping()
    },
    async close() {
      client.destroy()
    },
  }
}
