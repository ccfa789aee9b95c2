import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { seen, signIn, useStage } from './stage.ts'

const words = (page: Page) => page.locator('[data-until]:visible').textContent()

describe('the time that is left', () => {
  const stage = useStage()

  it('goes on in a page that stays open, and jumps with a computer that slept', async () => {
    const page = await stage.visit()
    await page.clock.install()
    await signIn(page, 'facebook')
    await page.clock.fastForward('30:00')
    expect(await words(page)).toMatch(/^(29|30) minutes$/)
    await page.clock.fastForward('31:00')
    expect(await words(page)).toBe('none (load the page again)')
  })

  it('is right where the clock of the computer is wrong by years', async () => {
    const page = await stage.visit()
    await page.clock.install({ time: '2020-02-29T00:00:00Z' })
    await signIn(page, 'facebook')
    await page.clock.fastForward('10:00')
    expect(await words(page)).toMatch(/^(49|50) minutes$/)
  })

  it('says without scripts when it was counted', async () => {
    const page = await stage.visit({ javaScriptEnabled: false })
    await signIn(page, 'facebook')
    expect(await words(page)).toMatch(/^(59 minutes|1 hour)$/)
    expect(await seen(page)).toMatch(/counted at \d{1,2} \w{3} 20\d\d, \d\d:\d\d UTC/)
  })
})
