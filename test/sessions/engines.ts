import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateTableCommand, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import dynalite from 'dynalite'
import { createClient } from 'redis'
import { vi } from 'vitest'

/** A store's engine, running for a test. */
export interface Engine {
  /** Variables that make an application keep its sessions here. */
  environment: Record<string, string>
  /** Ids and contents of all that is kept now. */
  records(): Promise<{ id: string; content: string }[]>
  /** Puts `content`, as `records` shows it, under an id. */
  put(id: string, content: string): Promise<void>
  close(): Promise<void>
}

const redisServer = 'redis-server'

/** True where Redis is not installed; says so once in the output of each file. */
export const redisIsMissing = spawnSync(redisServer, ['--version']).status !== 0
if (redisIsMissing) console.warn('redis-server is not on the PATH: the tests that need it are SKIPPED')

/** A new folder for one test file. */
export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'sessions-'))

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** A real Redis that can be killed, frozen and started again on its port. */
export class Redis implements Engine {
  readonly port: number
  readonly environment: Record<string, string>
  readonly #folder = temporaryFolder()
  #process: ChildProcess | undefined

  constructor(port: number) {
    this.port = port
    this.environment = { SESSION_STORE: this.url }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  get dumpFile(): string {
    return join(this.#folder, 'dump.rdb')
  }

  async start(): Promise<this> {
    const options = { port: this.port, bind: '127.0.0.1', dir: this.#folder, save: '' }
    const settings = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
    this.#process = spawn(redisServer, settings, { stdio: 'ignore' })
    await vi.waitFor(() => this.command('PING'), { timeout: 5_000, interval: 20 })
    return this
  }

  /** Runs one command over a connection of its own. */
  async command(...words: string[]): Promise<unknown> {
    const client = createClient({ url: this.url, socket: { reconnectStrategy: false } })
    client.on('error', () => {})
    await client.connect()
    try {
      return await client.sendCommand(words)
    } finally {
      client.destroy()
    }
  }

  async records() {
    const keys = (await this.command('KEYS', '*')) as string[]
    return Promise.all(keys.map(async (id) => ({ id, content: String(await this.command('GET', id)) })))
  }

  async put(id: string, content: string) {
    await this.command('SET', id, content, 'KEEPTTL')
  }

  /** Stops answering, but keeps its connections. */
  freeze(): void {
    this.#process?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#process?.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    if (!this.#process || this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const exit = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await exit
  }

  async close() {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

export const startRedis = async (): Promise<Redis> => new Redis(await freePort()).start()

/** A local DynamoDB with an empty table of sessions. */
export async function startDynamodb(table = 'sessions'): Promise<Engine> {
  const server = dynalite({ createTableMs: 0 }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const credentials = { accessKeyId: 'AKIALOCALDYNAMODB000', secretAccessKey: 'local' }
  const client = new DynamoDBClient({ region: 'us-east-1', endpoint, credentials })
  const items = async () => (await client.send(new ScanCommand({ TableName: table }))).Items ?? []
  await client.send(
    new CreateTableCommand({
      TableName: table,
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  )
  return {
    environment: {
      SESSION_STORE: `dynamodb://${table}`,
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    async records() {
      return (await items()).map((item) => ({ id: item.id?.S ?? '', content: JSON.stringify(item) }))
    },
    async put(id, content) {
      await client.send(
        new PutItemCommand({ TableName: table, Item: { ...JSON.parse(content), id: { S: id } } }),
      )
    },
    async close() {
      client.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
