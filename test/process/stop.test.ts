import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
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

/** A form whose end is held back until `finish` sends it: the application is at work on it, and cannot answer yet. */
async function unfinishedForm(origin: string) {
  const form = request(`${origin}/logout`, {
    method: 'POST',
    // Keeps the connection for as long as the application does.
    agent: new Agent({ keepAlive: true }),
    headers: { 'content-type': 'application/x-www-form-urlencoded', expect: '100-continue' },
  })
  const answered = once(form, 'response') as Promise<[IncomingMessage]>
  // Where none comes, `finish` says so.
  answered.catch(() => {})
  form.flushHeaders()
  await once(form, 'continue')
  return {
    closed: new Promise((resolve) => form.socket?.once('close', resolve)),
    async finish() {
      form.end()
      const [answer] = await answered
      answer.resume()
      return answer.statusCode
    },
  }
}

describe('node src/main.ts told to stop', () => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await startSandbox()
  })
  afterAll(() => sandbox.close())

  /** A process, and a sign-in at it that waits for so many answers of STS. */
  async function signInUnderWay(answers = 1) {
    const main = runMain(sandbox.environment)
    const origin = await originOf(main)
    sandbox.registerApplication(origin)
    const browser = new HttpBrowser()
    const start = await browser.get(`${origin}/initiateLogin/amazon`)
    const callback = await browser.continueAs(ada.subjects.amazon, start.location ?? '')
    const sts = heldAnswer()
    sandbox.sts.faults.plan('/', sts.fault, answers)
    onTestFinished(() => sandbox.sts.faults.clear())
    const answer = browser.get(callback)
    // Where none comes, whoever waits for it is told.
    answer.catch(() => {})
    await sts.arrived
    return { main, origin, answer, sts }
  }

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s finishes the sign-in that is in flight, takes no new connection, and exits 0',
    async (signal) => {
      const { main, origin, answer, sts } = await signInUnderWay()
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

  it('leaves behind what does not come to an end, and is gone', async () => {
    // The SDK asks again.
    const { main, answer } = await signInUnderWay(9)
    main.signal('SIGTERM')
    const ended = await main.ended()
    await expect(answer).rejects.toThrow()
    expect(ended.status).toBe(0)
    expect(ended.stdout.trimEnd().split('\n').at(-1)).toContain('"msg":"stopped"')
  })

  it('while nobody asks for anything exits 0 at once', async () => {
    const main = runMain()
    await originOf(main)
    main.signal('SIGTERM')
    expect((await main.ended()).status).toBe(0)
  })

  it('says with the answer to whoever asks meanwhile that it is the last on this connection', async () => {
    const main = runMain()
    const origin = await originOf(main)
    const socket = connect(Number(new URL(origin).port), '127.0.0.1')
    let heard = ''
    socket.setEncoding('utf8').on('data', (text) => {
      heard += text
    })
    const head = 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n'
    // Two requests, of which the second has begun and not ended when the stop comes.
    socket.write(`${head}\r\n${head}`)
    await once(socket, 'data')
    main.signal('SIGTERM')
    await main.says(/"msg":"stopping/)
    socket.write('\r\n')
    await once(socket, 'close')
    expect(heard.match(/^Connection: .*$/gm)).toEqual(['Connection: keep-alive', 'Connection: close'])
    expect((await main.ended()).status).toBe(0)
  })

  it('closes each connection that becomes idle, while it is still at work on another', async () => {
    const main = runMain()
    const origin = await originOf(main)
    const [first, last] = [await unfinishedForm(origin), await unfinishedForm(origin)]
    main.signal('SIGTERM')
    await main.says(/"msg":"stopping/)
    expect(await first.finish()).toBe(303)
    await first.closed
    // The end of the grace would have cut this one off together with the first.
    expect(await last.finish()).toBe(303)
    expect((await main.ended()).status).toBe(0)
  })
})
