import { expect, it } from 'vitest'
import { demoFile, run } from './running.ts'

it('node sandbox/demo.ts has printed the URL to open within five seconds', async () => {
  const startedAt = performance.now()
  await run([process.execPath, demoFile], { PORT: '0' }).says(/Open\s+http:\/\/localhost:\d+\n/)
  expect(performance.now() - startedAt).toBeLessThan(5_000)
})
