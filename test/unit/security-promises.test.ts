import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const document = readFileSync(join(root, 'SECURITY.md'), 'utf8')
const promises = [...document.matchAll(/^\| .*\| ([^|]+) \| `(test\/[^`]+)` \|$/gm)].map(
  ([, title = '', file = '']) => ({ title, file }),
)

describe('SECURITY.md', () => {
  it('names a test for every promise', () => {
    const rows = document.match(/^\|(?! ---| promise \|).*$/gm) ?? []
    expect(promises.length).toBeGreaterThan(20)
    expect(promises).toHaveLength(rows.length)
  })

  it.each(promises)('names a test that exists: $title', ({ title, file }) => {
    expect(existsSync(join(root, file))).toBe(true)
    const titles = readFileSync(join(root, file), 'utf8').match(/(?<=['"`]).*(?=['"`],)/g) ?? []
    expect(titles.some((text) => text.endsWith(title))).toBe(true)
  })
})
