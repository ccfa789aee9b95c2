import { afterEach, describe, expect, it, vi } from 'vitest'
import { signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { exchanges, minutes, passTime, useParties } from './parties.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe.each([
  ['five minutes ahead of ours', 5],
  ['five minutes behind ours', -5],
])('with the clock of AWS %s', (_how, skewMinutes) => {
  const parties = useParties({
    clock: () => Date.now() + minutes(skewMinutes),
    environment: { SESSION_IDLE_SECONDS: '43200' },
  })

  it.each(['amazon', 'google'] as const)(
    'somebody signed in with %s opens a page every minute for 75 minutes, and one renewal goes unnoticed',
    async (provider) => {
      const browser = new HttpBrowser()
      expect((await signIn(browser, parties.one, provider)).status).toBe(303)
      const before = exchanges(parties.sandbox)
      for (let minute = 0; minute <= 75; minute += 1) {
        const page = await browser.get(`${parties.one.url}/s3/`)
        expect([minute, page.status]).toEqual([minute, 200])
        passTime(minutes(1))
      }
      expect(exchanges(parties.sandbox)).toBe(before + 1)
    },
  )

  it('somebody signed in with Facebook sees buckets or "Continue with Facebook", never a raw error', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, parties.one, 'facebook')
    const statuses = new Set<number>()
    for (let minute = 50; minute <= 70; minute += 1) {
      passTime(minute === 50 ? minutes(50) : minutes(1))
      const page = await browser.get(`${parties.one.url}/s3/`)
      statuses.add(page.status)
      expect(page.body).toContain(page.status === 200 ? 'analytics-landing-zone' : 'Continue with Facebook')
    }
    expect([...statuses]).toEqual([200, 401])
  })
})
