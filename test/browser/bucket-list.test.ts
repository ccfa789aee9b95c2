import { describe, expect, it } from 'vitest'
import type { Bucket } from '../../sandbox/aws/list-buckets.ts'
import { signIn, useStage } from './stage.ts'

const creationDate = new Date('2024-01-01T00:00:00Z')
const numbered = (count: number): Bucket[] =>
  Array.from({ length: count }, (_, index) => ({
    name: `bucket-${String(index + 1).padStart(5, '0')}`,
    region: 'us-east-1',
    creationDate,
  }))

describe('an account without buckets', () => {
  const stage = useStage({ buckets: [] })

  it('is said to have none, in words and without a table', async () => {
    const page = await stage.visit()
    await signIn(page)
    await page.getByText('This account has no buckets yet').waitFor()
    expect(await page.getByRole('table').count()).toBe(0)
    expect(await page.getByRole('navigation', { name: 'Pages of buckets' }).count()).toBe(0)
  })
})

describe('an account with 10,000 buckets', () => {
  const stage = useStage({ buckets: numbered(10_000) })

  it('is leafed through page by page, forward and back to the start', async () => {
    const page = await stage.visit()
    await signIn(page)
    const table = page.getByRole('table')
    const rows = () => table.locator('tbody tr').count()
    const firstName = () => table.getByRole('rowheader').first().textContent()
    expect(await table.locator('caption').textContent()).toBe('Buckets 1 to 200')
    expect([await rows(), await firstName()]).toEqual([200, 'bucket-00001'])
    expect(await page.getByRole('link', { name: 'Previous' }).count()).toBe(0)

    await page.getByRole('link', { name: 'Next' }).click()
    await page.getByText('Buckets 201 to 400').waitFor()
    expect(await firstName()).toBe('bucket-00201')
    await page.getByRole('link', { name: 'Next' }).click()
    await page.getByText('Buckets 401 to 600').waitFor()

    await page.getByRole('link', { name: 'Previous' }).click()
    await page.getByText('Buckets 201 to 400').waitFor()
    await page.getByRole('link', { name: 'Previous' }).click()
    await page.getByText('Buckets 1 to 200').waitFor()
  })

  it('has an end: fifty pages hold each bucket once, and the last has no Next', async () => {
    const page = await stage.visit()
    await signIn(page)
    const names: string[] = []
    let href: string | undefined = '/s3/'
    while (href) {
      const html: string = await (await page.request.get(href)).text()
      names.push(...Array.from(html.matchAll(/<bdi>(bucket-\d+)<\/bdi>/g), ([, name = '']) => name))
      href = /rel="next" href="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&')
    }
    expect(names).toHaveLength(10_000)
    expect(new Set(names).size).toBe(10_000)
    expect(names.at(-1)).toBe('bucket-10000')
  })
})
