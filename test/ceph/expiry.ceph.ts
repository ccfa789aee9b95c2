import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LoopbackServer } from '../../sandbox/loopback-server.ts'
import { ada, type TestApplication } from '../application.ts'
import { createBuckets } from './gateway.ts'
import { startShortSessions } from './short-sessions.ts'
import { bucketNames, errorCode, pressButtons, type Stage, useStage } from './stage.ts'

/** Long enough to see the buckets first. */
const sessionSeconds = 8
const patience = { timeout: 30_000, interval: 300 }

/** An application on `stage` whose role sessions are short, and one bucket of Ada's. */
function useShortSessions(stage: Stage): () => TestApplication {
  let sts: LoopbackServer
  let application: TestApplication
  beforeAll(async () => {
    sts = await startShortSessions(stage.gateway.url, sessionSeconds)
    application = await stage.startApplication({ AWS_ENDPOINT_URL_STS: sts.url })
    await createBuckets(await stage.gateway.s3Of(ada), ['ada-letters'])
  })
  afterAll(() => sts.close())
  return () => application
}

describe('when the credentials of the gateway expire', () => {
  const stage = useStage()
  const application = useShortSessions(stage)

  it('the page says so, and the way back through the provider ends at the same buckets', async () => {
    const page = await stage.visit(application())
    await pressButtons(page, ada)
    expect(await bucketNames(page)).toEqual(['ada-letters'])
    const headingAfterReload = async () => {
      await page.reload()
      return page.locator('h1').textContent()
    }
    await expect.poll(headingAfterReload, patience).toBe('Your access ran out')
    expect(await errorCode(page)).toBe('session.expired')

    await pressButtons(page, ada)
    expect(await bucketNames(page)).toEqual(['ada-letters'])
  })
})

describe('when they expire and the provider gave a refresh token', () => {
  const stage = useStage({ refreshTokens: true })
  const application = useShortSessions(stage)

  it('the gateway gives new ones, and nobody notices', async () => {
    const page = await stage.visit(application())
    await pressButtons(page, ada)
    expect(await bucketNames(page)).toEqual(['ada-letters'])
    const renewals = async () => {
      await page.reload()
      expect(await bucketNames(page)).toEqual(['ada-letters'])
      return application().log.filter(({ audit }) => audit === 'renewed').length
    }
    await expect.poll(renewals, patience).toBeGreaterThan(0)
  })
})
