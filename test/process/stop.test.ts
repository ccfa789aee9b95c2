import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Fault } from '../../sandbox/faults.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { ada } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { isServed, originOf, runMain } from './running.ts'

/** Holds the next answer back until `release` is called; `arrived` resolves when the request is there. */
function heldAnswer(): { fault: Fault; arrived: Promise<void>; release: () => void } {
  const arrived = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  return {
    arrived: arrived.promise,
    release: released.resolve,
    fault: (_req, _res, answer) => {
      arrived.resolve()
      void released.promise.then(answer)
    },
  }
}

describe('node src/main.ts told to stop', () => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await startSandbox()
  })
  afterAll(() => sandbox.close())

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s finishes the sign-in that is in flight, takes no new connection, and exits 0',
    async (signal) => {
      const main = runMain(sandbox.environment)
      const origin = await originOf(main)
      sandbox.registerApplication(origin)
      const browser = new HttpBrowser()
      const start = await browser.get(`${origin}/initiateLogin/amazon`)
      const callback = await browser.continueAs(ada.subjects.amazon, start.location ?? '')
      const sts = heldAnswer()
      sandbox.sts.faults.plan('/', sts.fault)

      const answer = browser.get(callback)
      await sts.arrived
      main.signal(signal)
      await main.says(/"msg":"stopping/)
      await expect.poll(() => isServed(origin)).toBe(false)
      sts.release()

      const { status, location } = await answer
      expect([status, location]).toEqual([303, `${origin}/s3/`])
      const ended = await main.ended()
      expect([ended.status, ended.signal]).toEqual([0, null])
      expect(ended.stdout).toContain('"audit":"signed_in"')
      expect(ended.stdout.trimEnd().split('\n').at(-1)).toContain('"msg":"stopped"')
      expect(ended.stderr).toBe('')
    },
  )

  it('while nobody asks for anything exits 0 at once', async () => {
    const main = runMain()
    await originOf(main)
    main.signal('SIGTERM')
    expect((await main.ended()).status).toBe(0)
  })
})
