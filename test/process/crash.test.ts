import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { emptyFolder, originOf, runMain } from './running.ts'

/** A fault that nobody expects, with what libraries keep in an error; it comes when it is called. */
const fault = `
const error = Object.assign(new Error('nobody expected this'), {
  response: { body: 'canary-of-an-answer' },
  config: { headers: { authorization: 'Bearer canary-of-a-header' } },
})
error.cause = Object.assign(new Error('and this behind it'), { token: 'canary-of-a-token' })
process.on('SIGUSR2', () => { throw error })
`

it('an unexpected error ends the process with one line that repeats nothing of what libraries keep in it', async () => {
  const file = join(emptyFolder(), 'fault.mjs')
  writeFileSync(file, fault)
  const main = runMain({ NODE_OPTIONS: `--import=${file}` })
  await originOf(main)
  main.signal('SIGUSR2')
  const { status, stdout, stderr } = await main.ended()
  expect(status).toBe(1)
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
    level: 'fatal',
    err: { message: 'nobody expected this', cause: { message: 'and this behind it' } },
  })
  expect(stdout + stderr).not.toContain('canary')
})
