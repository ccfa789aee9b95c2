import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createLog } from '../../src/observe/log.ts'
import { dynamodbStore } from '../../src/session/stores/dynamodb.ts'
import { redisStore } from '../../src/session/stores/redis.ts'
import type { SessionStore } from '../../src/session/stores/session-store.ts'
import { sqliteStore } from '../../src/session/stores/sqlite.ts'
import { type OpenedStore, sessionStoreContract } from '../contracts/session-store.ts'
import { unansweredStoreContract } from '../contracts/unanswered-store.ts'
import {
  type Engine,
  freePort,
  type Redis,
  redisIsMissing,
  startDynamodb,
  startRedis,
  temporaryFolder,
} from './engines.ts'

const log = createLog('silent', [])

const opened = (store: SessionStore): OpenedStore => ({ store, close: () => store.close() })

describe('sqlite:PATH', () => {
  const folder = temporaryFolder()
  afterAll(() => rmSync(folder, { recursive: true }))
  sessionStoreContract('a file', async () => opened(sqliteStore(join(folder, 'sessions.sqlite'))))

  const closed = async () => {
    const store = sqliteStore(':memory:')
    await store.close()
    return { ...store, close: async () => {} }
  }
  unansweredStoreContract('a database that was closed', closed, 500)
})

describe('memory:', () => {
  sessionStoreContract('memory', async () => opened(sqliteStore(':memory:')))
})

describe.skipIf(redisIsMissing)('redis:// (skipped where redis-server is not installed)', () => {
  let redis: Redis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.close())

  sessionStoreContract('Redis', async () => opened(await redisStore(redis.url, log)))
  unansweredStoreContract(
    'Redis, where nobody listens',
    async () => redisStore(`redis://127.0.0.1:${await freePort()}`, log),
    500,
  )

  it('keeps no count longer than its minute', async () => {
    const store = await redisStore(redis.url, log)
    onTestFinished(() => store.close())
    await store.count('a-client', Date.now() + 60_000)
    const leftMs = Number(await redis.command('PTTL', 'count:a-client'))
    expect(leftMs).toBeGreaterThan(0)
    expect(leftMs).toBeLessThanOrEqual(60_000)
  })

  describe('frozen', () => {
    const frozen = async () => {
      const store = await redisStore(redis.url, log)
      redis.freeze()
      return store
    }
    afterAll(() => redis.thaw())
    unansweredStoreContract('Redis, connected but frozen', frozen, 2_500)
  })
})

describe('dynamodb://', () => {
  let dynamodb: Engine
  const sessionsTable = () => dynamodbStore('sessions', 'us-east-1')
  beforeAll(async () => {
    dynamodb = await startDynamodb()
    for (const [name, value] of Object.entries(dynamodb.environment)) vi.stubEnv(name, value)
  })
  afterAll(() => dynamodb.close())

  sessionStoreContract('DynamoDB', async () => opened(sessionsTable()))
  unansweredStoreContract(
    'DynamoDB, without the table',
    async () => dynamodbStore('elsewhere', 'us-east-1'),
    1_000,
  )
  unansweredStoreContract(
    'DynamoDB, where nobody listens',
    async () => {
      vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', `http://127.0.0.1:${await freePort()}`)
      return sessionsTable()
    },
    1_000,
  )

  describe('silent', () => {
    const silent = createServer(() => {})
    afterAll(() => silent.closeAllConnections())
    const open = async () => {
      await once(silent.listen(0, '127.0.0.1'), 'listening')
      vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', `http://127.0.0.1:${(silent.address() as AddressInfo).port}`)
      return sessionsTable()
    }
    unansweredStoreContract('DynamoDB, accepting requests and never answering', open, 5_000)
  })
})
