import { createClient } from 'redis'
import type { Log } from '../../observe/log.ts'
import type { SessionStore, StoredRecord } from './session-store.ts'

const prefix = 'session:'
const countPrefix = 'count:'
const answerTimeoutMs = 2_000
const longestReconnectDelayMs = 2_000

/** The client's own limit ends when a command is sent: a server that then falls silent would hold it for ever. */
function inTime<T>(command: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer in ${answerTimeoutMs} ms`)), answerTimeoutMs)
  return Promise.race([command, promise]).finally(() => clearTimeout(timer))
}

const toText = ({ sealed, expiresAt }: StoredRecord): string => `${expiresAt} ${sealed}`

/** Whatever is there, it is a record: what was tampered with does not open, and that is for the reader to say. */
function fromText(text: string): StoredRecord {
  const [expiresAt = ''] = text.split(' ', 1)
  return { sealed: text.slice(expiresAt.length + 1), expiresAt: Number(expiresAt) }
}

/**
 * Sessions in Redis or Valkey, shared by all instances. `url` as in `rediss://user:password@host:6379/0`. While
 * the server is away every call fails at once, and the connection comes back by itself. Resolves when the first
 * attempt to connect has come to something, good or bad: whoever serves from then on turns nobody away whom a
 * millisecond would have let in.
 */
export async function redisStore(url: string, log: Log): Promise<SessionStore> {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: {
      connectTimeout: answerTimeoutMs,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, longestReconnectDelayMs),
    },
  })
  let latestFailure: unknown
  client.on('error', (err) => {
    latestFailure = err
    log.error({ err }, 'the connection to the session store failed')
  })
  client.on('ready', () => log.info('connected to the session store'))
  const firstAttempt = Promise.withResolvers<void>()
  client.once('ready', firstAttempt.resolve).once('error', () => firstAttempt.resolve())
  // Reported above; it goes on trying until it is closed.
  client.connect().catch(() => {})
  await inTime(firstAttempt.promise).catch(() => {})

  const put = async (id: string, record: StoredRecord, condition?: 'NX' | 'XX'): Promise<boolean> => {
    const answer = await inTime(
      client.set(prefix + id, toText(record), {
        ...(condition && { condition }),
        expiration: { type: 'PXAT', value: record.expiresAt },
      }),
    )
    return answer !== null
  }

  return {
    async get(id) {
      const text = await inTime(client.get(prefix + id))
      return text === null ? undefined : fromText(text)
    },
    async set(id, record) {
      await put(id, record)
    },
    add: (id, record) => put(id, record, 'NX'),
    replace: (id, record) => put(id, record, 'XX'),
    async delete(id) {
      await inTime(client.del(prefix + id))
    },
    async count(id, expiresAt) {
      const key = countPrefix + id
      const [count] = await inTime(client.multi().incr(key).pExpireAt(key, expiresAt).exec())
      return Number(count)
    },
    async check() {
      // The client itself only says that it is offline.
      if (!client.isReady && latestFailure !== undefined) throw latestFailure
      // A server that is full, or a replica, can still be read.
      await inTime(client.set(`${countPrefix}check`, '', { expiration: { type: 'PX', value: 1 } }))
    },
    async close() {
      client.destroy()
    },
  }
}
