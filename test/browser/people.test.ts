import { describe, expect, it } from 'vitest'
import { demoPeople, type Person } from '../../sandbox/identity/people.ts'
import { providers, seen, signIn, useStage } from './stage.ts'

const [, misaki] = demoPeople as [Person, Person]

const named = (name: string, number: number): Person => ({
  name,
  email: `person-${number}@example.com`,
  subjects: {
    amazon: `amzn1.account.AEPERSON${number}`,
    google: `10000000000000000000${number}`,
    facebook: `1000000000000000${number}`,
  },
})

const scriptTag = named('<script>alert(1)</script><img src=x onerror=alert(2)>', 1)
const templateTag = named('<%= process.env %> #{7*7} {{7*7}} " onload="alert(3)', 2)
const rightToLeft = named('Mallory \u202Egnp.exe\u202C \u2066unclosed \u202E override', 3)
const veryLong = named('Wolfeschlegelsteinhausenbergerdorff'.repeat(6), 4)

describe('somebody with a name that the page must bear', () => {
  const stage = useStage({ people: [misaki, scriptTag, templateTag, rightToLeft, veryLong] })

  it.each(providers)(
    'from %s without an e-mail address and in another script is greeted',
    async (provider) => {
      const page = await stage.visit()
      await signIn(page, provider, misaki)
      const text = await seen(page)
      expect(text).toContain('Hello, 美咲')
      expect(text).not.toMatch(/undefined|null/)
      expect(text).toContain(misaki.subjects[provider])
    },
  )

  it.each([
    ['a script', scriptTag],
    ['template syntax', templateTag],
  ])('that is %s sees it as text, and nothing runs', async (_what, person) => {
    const page = await stage.visit()
    const dialogs: string[] = []
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message())
      return dialog.dismiss()
    })
    await signIn(page, 'google', person)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(`Hello, ${person.name}`)
    expect(await page.locator('main script:not([src]), main [onload], main [onerror]').count()).toBe(0)
    expect(dialogs).toEqual([])
  })

  it('that turns the direction of text leaves the rest of the page as it is', async () => {
    const page = await stage.visit()
    await signIn(page, 'amazon', rightToLeft)
    const heading = page.getByRole('heading', { level: 1 })
    expect(await heading.textContent()).toContain('Mallory')
    const name = heading.locator('bdi')
    expect(await name.evaluate((bdi) => getComputedStyle(bdi).unicodeBidi)).toMatch(/isolate/)
    const left = (text: string) => page.getByText(text, { exact: true }).first().boundingBox()
    expect((await left('Signed in with'))?.x).toBe((await left('Assumed role'))?.x)
  })

  it('that is very long and has no break does not widen a small screen', async () => {
    const page = await stage.visit({ viewport: { width: 360, height: 740 } })
    await signIn(page, 'facebook', veryLong)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  })
})
