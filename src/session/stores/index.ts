import type { Config } from '../../config.ts'
import type { Log } from '../../observe/log.ts'
import type { SessionStore } from './session-store.ts'

type Opener = (location: string, config: Config, log: Log) => Promise<SessionStore>

const afterScheme = (location: string): string => location.slice(location.indexOf(':') + 1)

/** Loaded only when chosen: the client libraries take longer to load than the rest of the application. */
const openers: Record<string, Opener> = {
  memory: async () => (await import('./sqlite.ts')).sqliteStore(':memory:'),
  sqlite: async (location) =>
    (await import('./sqlite.ts')).sqliteStore(afterScheme(location) || 'sessions.sqlite'),
  redis: async (location, _config, log) => (await import('./redis.ts')).redisStore(location, log),
  rediss: async (location, _config, log) => (await import('./redis.ts')).redisStore(location, log),
  dynamodb: async (location, config) =>
    (await import('./dynamodb.ts')).dynamodbStore(location.slice('dynamodb://'.length), config.aws.region),
}

/** Opens the store that `SESSION_STORE` names; a server that does not answer yet is no failure. */
export async function openSessionStore(config: Config, log: Log): Promise<SessionStore> {
  const location = config.session.store
  const open = openers[location.split(':', 1)[0] ?? '']
  if (!open) throw new Error('there is no such kind of store')
  return open(location, config, log)
}
