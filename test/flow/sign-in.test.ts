import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { signIn, startApplication, type TestApplication } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'

describe('a whole sign-in', () => {
  let sandbox: Sandbox
  let application: TestApplication

  beforeAll(async () => {
    sandbox = await startSandbox()
    application = await startApplication(sandbox.environment)
    sandbox.registerApplication(application.url)
  })

  afterAll(async () => {
    await application.close()
    await sandbox.close()
  })

  it.each(['amazon', 'google', 'facebook'] as const)(
    'through %s ends at the bucket list',
    async (provider) => {
      const browser = new HttpBrowser()
      const callback = await signIn(browser, application, provider)
      expect(callback.status).toBe(303)
      expect(new URL(callback.location ?? '').pathname).toBe('/s3/')
      const page = await browser.get(`${application.url}/s3/`)
      expect(page.status).toBe(200)
      expect(page.body).toContain('Ada Example')
      expect(page.body).toContain('analytics-landing-zone')
    },
  )
})
