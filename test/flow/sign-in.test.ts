import { describe, expect, it } from 'vitest'
import { signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { askForBuckets, useSituation } from './situation.ts'

const situation = useSituation()

describe('a whole sign-in', () => {
  it.each(['amazon', 'google', 'facebook'] as const)(
    'through %s ends at the bucket list',
    async (provider) => {
      const browser = new HttpBrowser()
      const callback = await signIn(browser, situation.application, provider)
      expect(callback.status).toBe(303)
      expect(new URL(callback.location ?? '').pathname).toBe('/s3/')
      const page = await askForBuckets(browser, situation.application)
      expect(page.status).toBe(200)
      expect(page.body).toContain('Ada Example')
      expect(page.body).toContain('analytics-landing-zone')
    },
  )
})
