import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { Sealer } from '../../src/session/sealing.ts'
import { ada, signIn, startApplication, type TestApplication, testSecret } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { type Engine, Redis, redisIsMissing, startDynamodb, startRedis, temporaryFolder } from './engines.ts'
import { sessionIdOf } from './parties.ts'

/** An SQLite file, seen as its bytes on disk. */
function sqliteFile(): Engine & { bytes(): string } {
  const folder = temporaryFolder()
  const path = join(folder, 'sessions.sqlite')
  return {
    environment: { SESSION_STORE: `sqlite:${path}` },
    bytes: () =>
      readdirSync(folder)
        .map((name) => readFileSync(join(folder, name), 'latin1'))
        .join(''),
    async records() {
      const database = new DatabaseSync(path, { readOnly: true })
      const rows = database.prepare('SELECT id, sealed FROM sessions').all()
      database.close()
      return rows.map(({ id, sealed }) => ({ id: String(id), content: String(sealed) }))
    },
    async put() {},
    close: async () => rmSync(folder, { recursive: true }),
  }
}

/** All that somebody gets who steals the store: records, and the files behind them. */
async function dumpOf(engine: Engine): Promise<string> {
  const records = (await engine.records()).map(({ id, content }) => `${id} ${content}`).join('\n')
  if (engine instanceof Redis) {
    await engine.command('CONFIG', 'SET', 'rdbcompression', 'no')
    await engine.command('SAVE')
    return records + readFileSync(engine.dumpFile, 'latin1')
  }
  return 'bytes' in engine ? records + (engine as ReturnType<typeof sqliteFile>).bytes() : records
}

/** What must not be found, by name: everything that a sign-in brought. */
function canaries(sandbox: Sandbox, application: TestApplication, browsers: HttpBrowser[]) {
  const accessKeys = application.log.flatMap(({ accessKeyId }) => (accessKeyId ? [String(accessKeyId)] : []))
  const credentials = accessKeys.map((id) => sandbox.sessions.find(id))
  const tokens = sandbox.sts.exchanges.flatMap(({ parameters }) => parameters.WebIdentityToken ?? [])
  const bearers = [...sandbox.amazon.requests, ...sandbox.facebook.requests].flatMap(
    ({ headers }) => headers.authorization?.replace('Bearer ', '') ?? [],
  )
  return [
    ...accessKeys,
    ...credentials.flatMap((one) =>
      one && 'sessionToken' in one ? [one.secretAccessKey, one.sessionToken] : [],
    ),
    ...tokens,
    ...bearers.filter((bearer) => !bearer.startsWith('Basic')),
    ...Object.values(ada.subjects),
    ada.name,
    ada.email ?? '',
    'Atzr|',
    testSecret,
    ...browsers.map(sessionIdOf),
    ...browsers.flatMap(({ cookies }) => cookies.map(({ value }) => value)),
  ].filter((canary) => canary.length > 4)
}

const engines: [name: string, start: () => Promise<Engine>, missing: boolean][] = [
  ['an SQLite file', async () => sqliteFile(), false],
  ['Redis (skipped where redis-server is not installed)', startRedis, redisIsMissing],
  ['DynamoDB', startDynamodb, false],
]

for (const [name, start, missing] of engines) {
  describe.skipIf(missing)(`what a thief finds in ${name} after three sign-ins`, () => {
    let engine: Engine
    let sandbox: Sandbox
    let application: TestApplication
    const browsers: HttpBrowser[] = []

    beforeAll(async () => {
      engine = await start()
      for (const [variable, value] of Object.entries(engine.environment)) vi.stubEnv(variable, value)
      sandbox = await startSandbox()
      application = await startApplication({ ...sandbox.environment, ...engine.environment })
      sandbox.registerApplication(application.url)
      await vi.waitFor(() => application.sessionStore.check(), { timeout: 5_000, interval: 20 })
      for (const provider of ['amazon', 'google', 'facebook'] as const) {
        const browser = new HttpBrowser()
        await signIn(browser, application, provider)
        expect((await browser.get(`${application.url}/s3/`)).status).toBe(200)
        browsers.push(browser)
      }
    })
    afterAll(async () => {
      await application.close()
      await sandbox.close()
      await engine.close()
      vi.unstubAllEnvs()
    })

    it('has no key, token, name, address, secret or cookie in it', async () => {
      const dump = await dumpOf(engine)
      const wanted = canaries(sandbox, application, browsers)
      expect(wanted.length).toBeGreaterThan(25)
      const forms = wanted.flatMap((canary) => [
        canary,
        encodeURIComponent(canary),
        Buffer.from(canary).toString('base64').replace(/=+$/, ''),
        Buffer.from(canary).toString('base64url'),
        Buffer.from(canary).toString('hex'),
      ])
      const found = forms.filter((form) => dump.includes(form))
      console.log(
        `${name}: ${found.length} of ${wanted.length} canaries in five spellings found in ${dump.length} bytes`,
      )
      expect(found).toEqual([])
    })

    it('has three sessions, outcomes and receipts, of less than 8 KiB each', async () => {
      const sizes = (await engine.records()).map(({ content }) => content.length).sort((a, b) => a - b)
      console.log(`${name}: sealed records of ${sizes.join(', ')} bytes`)
      expect(sizes).toHaveLength(9)
      expect(Math.max(...sizes)).toBeLessThan(8 * 1024)
    })

    it('opens with nothing in the dump, even together with SESSION_SECRET', async () => {
      const records = await engine.records()
      const sealer = new Sealer([testSecret])
      const sealed = records.flatMap(({ content }) => content.match(/[\w-]{100,}/g) ?? [])
      const ids = records.flatMap(({ id }) => [id, id.replace('session:', '')])
      const purposes = ['session', 'receipt', 'once', 'seen', 'attempt']
      const opened = sealed.flatMap((text) =>
        purposes.flatMap((purpose) => ids.flatMap((id) => sealer.open(purpose, id, text) ?? [])),
      )
      expect(sealed).toHaveLength(9)
      expect(opened).toEqual([])
    })

    it('opens with the id of the cookie: the search above looked at the right thing', async () => {
      const sealed = (await engine.records()).flatMap(({ content }) => content.match(/[\w-]{100,}/g) ?? [])
      const sealer = new Sealer([testSecret])
      const id = sessionIdOf(browsers[0] as HttpBrowser)
      const opened = sealed.flatMap((text) => sealer.open('session', id, text) ?? [])
      expect(opened).toHaveLength(1)
      expect(opened[0]).toContain('ada@example.com')
    })
  })
}
