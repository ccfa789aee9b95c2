import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { signIn, startApplication, type TestApplication } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { type Engine, redisIsMissing, startDynamodb, startRedis } from './engines.ts'

type Change = (content: string, foreign: string) => string

/** Changes what is sealed in a record, however the engine writes it. */
const inSealed =
  (change: (sealed: string) => string): Change =>
  (content) =>
    content.replace(/[\w-]{100,}/, change)

const changes: [what: string, change: Change][] = [
  [
    'one letter of it changed',
    inSealed((sealed) => sealed.replace(/.(?=.{40}$)/, (at) => (at === 'A' ? 'B' : 'A'))),
  ],
  ['its end cut off', inSealed((sealed) => sealed.slice(0, -100))],
  ['nearly all cut off', inSealed(() => 'AAAA')],
  ['everything sealed taken away', inSealed(() => '')],
  ['the record of another session in its place', (_content, foreign) => foreign],
]
const anyText: [what: string, change: Change][] = [
  ['nothing left', () => ''],
  ['garbage in its place', () => '}{ garbage \u0000'],
  ['JSON of another shape in its place', () => '{"sealed":5,"expiresAt":"never"}'],
  ['the JSON null in its place', () => 'null'],
]

const engines: [string, () => Promise<Engine>, boolean, typeof changes][] = [
  [
    'Redis (skipped where redis-server is not installed)',
    startRedis,
    redisIsMissing,
    [...changes, ...anyText],
  ],
  ['DynamoDB', startDynamodb, false, changes],
]

for (const [name, start, missing, cases] of engines) {
  describe.skipIf(missing)(`a session record in ${name}`, () => {
    let engine: Engine
    let sandbox: Sandbox
    let application: TestApplication

    beforeAll(async () => {
      engine = await start()
      for (const [variable, value] of Object.entries(engine.environment)) vi.stubEnv(variable, value)
      sandbox = await startSandbox()
      application = await startApplication({ ...sandbox.environment, ...engine.environment })
      sandbox.registerApplication(application.url)
      await vi.waitFor(() => application.sessionStore.check(), { timeout: 5_000, interval: 20 })
    })
    afterAll(async () => {
      await application.close()
      await sandbox.close()
      await engine.close()
      vi.unstubAllEnvs()
    })

    /** Signs in and returns the browser with the records that came of it: outcome, session, receipt. */
    async function newSession() {
      const before = new Set((await engine.records()).map(({ id }) => id))
      const browser = new HttpBrowser()
      await signIn(browser, application, 'facebook')
      const records = (await engine.records()).filter(({ id }) => !before.has(id))
      expect(records).toHaveLength(3)
      return { browser, records }
    }

    it.each(cases)('with %s is a signed-out person and a line in the log', async (_what, change) => {
      const [mine, foreign] = [await newSession(), await newSession()]
      for (const { id, content } of mine.records) {
        await engine.put(id, change(content, foreign.records[0]?.content ?? ''))
      }
      const json = await mine.browser.get(`${application.url}/s3/`, { accept: 'application/json' })
      expect(json.status).toBe(401)
      expect(JSON.parse(json.body).error.code).toBe('session.expired')
      expect(application.log.at(-3)).toMatchObject({
        level: 'warn',
        msg: expect.stringContaining('could not be opened'),
      })

      const page = await mine.browser.get(`${application.url}/s3/`)
      expect(new URL(page.location ?? '').pathname).toBe('/')
      expect((await foreign.browser.get(`${application.url}/s3/`)).status).toBe(200)
      await signIn(mine.browser, application, 'facebook')
      expect((await mine.browser.get(`${application.url}/s3/`)).status).toBe(200)
    })
  })
}
