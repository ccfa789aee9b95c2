import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { rows } from '../../bench/rows/index.ts'

const bench = join(import.meta.dirname, '..', '..', 'bench', 'run.ts')
const run = promisify(execFile)

/** What it measures in so short a time says nothing; that it measures everything is the point. */
describe.skipIf(process.platform !== 'linux')('npm run bench -- --quick', () => {
  test.for(rows.map(({ name }) => name))(
    'row %s still works: every server starts and answers as expected',
    { timeout: 300_000 },
    async (name) => {
      const { stdout } = await run(process.execPath, [bench, '--quick', name])
      expect(stdout).toContain(`## ${name}: `)
      expect(stdout).not.toContain('NaN')
    },
  )

  test('refuses a row that there is not, and names those that there are', async () => {
    const failure = await run(process.execPath, [bench, 'no-such-row']).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 1, stderr: expect.stringContaining('sign-in') })
  })
})
