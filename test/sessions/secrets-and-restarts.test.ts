import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { ada, signIn, signInUpToCallback, startApplication, type TestApplication } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { redisIsMissing, startRedis, temporaryFolder } from './engines.ts'
import { atInstance, sentTo } from './parties.ts'

const oldSecret = 'the-secret-of-last-year'
const newSecret = 'the-secret-of-this-year'

let sandbox: Sandbox
const folder = temporaryFolder()
const running: TestApplication[] = []

/** Starts the application anew on the same store. The one before is stopped, as at a restart. */
async function restarted(environment: Record<string, string>): Promise<TestApplication> {
  await running.pop()?.close()
  const application = await startApplication({ ...sandbox.environment, ...environment })
  running.push(application)
  sandbox.registerApplication(application.url)
  return application
}

beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(async () => {
  await running.pop()?.close()
  await sandbox.close()
  rmSync(folder, { recursive: true })
})

describe('a restart', () => {
  const environment = { SESSION_STORE: `sqlite:${join(folder, 'restarts.sqlite')}` }

  it('five times over leaves everybody signed in, with sessions in an SQLite file', async () => {
    let application = await restarted(environment)
    let browser = new HttpBrowser()
    await signIn(browser, application, 'amazon')
    for (let restart = 1; restart <= 5; restart += 1) {
      application = await restarted(environment)
      browser = sentTo(application, browser)
      const page = await browser.get(`${application.url}/s3/`)
      expect([page.status, page.body.includes(ada.name)]).toEqual([200, true])
    }
  })

  it('between redirect and callback does not lose the sign-in', async () => {
    const before = await restarted(environment)
    const browser = new HttpBrowser()
    const callback = await signInUpToCallback(browser, before, 'google')
    const after = await restarted(environment)
    const answer = await sentTo(after, browser).get(atInstance(after, callback))
    expect([answer.status, new URL(answer.location ?? '').pathname]).toEqual([303, '/s3/'])
  })

  it.skipIf(redisIsMissing)(
    'of the application leaves everybody signed in, with sessions in Redis',
    async () => {
      const redis = await startRedis()
      try {
        const before = await restarted(redis.environment)
        const browser = new HttpBrowser()
        await signIn(browser, before, 'amazon')
        const after = await restarted(redis.environment)
        expect((await sentTo(after, browser).get(`${after.url}/s3/`)).status).toBe(200)
        await running.pop()?.close()
      } finally {
        await redis.close()
      }
    },
  )
})

describe('a secret', () => {
  const environment = (secrets: string) => ({
    SESSION_STORE: `sqlite:${join(folder, 'rotation.sqlite')}`,
    SESSION_SECRET: secrets,
  })

  it('is rotated with nobody signed out, and the old one withdrawn signs out cleanly', async () => {
    const first = await restarted(environment(oldSecret))
    const browser = new HttpBrowser()
    await signIn(browser, first, 'amazon')

    const both = await restarted(environment(`${newSecret}, ${oldSecret}`))
    expect((await sentTo(both, browser).get(`${both.url}/s3/`)).status).toBe(200)
    const newcomer = new HttpBrowser()
    await signIn(newcomer, both, 'google')

    const second = await restarted(environment(newSecret))
    const out = sentTo(second, browser)
    const json = await out.get(`${second.url}/s3/`, { accept: 'application/json' })
    expect(json.status).toBe(401)
    expect((await out.get(`${second.url}/s3/`)).status).toBe(303)
    expect((await sentTo(second, newcomer).get(`${second.url}/s3/`)).status).toBe(200)
    expect(second.log.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([])

    await signIn(out, second, 'amazon')
    expect((await out.get(`${second.url}/s3/`)).status).toBe(200)
  })

  it('is rotated in the middle of a sign-in, which then ends well', async () => {
    const first = await restarted(environment(oldSecret))
    const browser = new HttpBrowser()
    const callback = await signInUpToCallback(browser, first, 'amazon')
    const both = await restarted(environment(`${newSecret},${oldSecret}`))
    expect((await sentTo(both, browser).get(atInstance(both, callback))).status).toBe(303)
  })

  it('that is withdrawn in the middle of a sign-in lets it be started again', async () => {
    const first = await restarted(environment(oldSecret))
    const browser = new HttpBrowser()
    const callback = await signInUpToCallback(browser, first, 'amazon')
    const second = await restarted(environment(newSecret))
    const again = sentTo(second, browser)
    const answer = await again.get(atInstance(second, callback))
    expect([answer.status, answer.body.includes('Please sign in again')]).toEqual([403, true])
    expect((await signIn(again, second, 'amazon')).status).toBe(303)
  })
})
