import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ada } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { demoFile, isServed, type Running, run } from './running.ts'

const runDemo = (environment: Record<string, string> = { PORT: '0' }): Running =>
  run([process.execPath, demoFile], environment)

/** The URL that a person is told to open. */
const openUrl = (demo: Running): Promise<string> => demo.says(/Open\s+(http:\/\/localhost:\d+)\n/)

/** A port that was free a moment ago. */
async function freePort(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return String(port)
}

/** Every origin on loopback that the demo has told of: the application's, the providers', STS's and S3's. */
async function originsOf(demo: Running): Promise<string[]> {
  const origin = await openUrl(demo)
  const printed = demo.stdout.match(/http:\/\/(localhost|127\.0\.0\.1):\d+/g) ?? []
  const starts = await Promise.all(
    ['amazon', 'google', 'facebook'].map((provider) =>
      fetch(`${origin}/initiateLogin/${provider}`, { redirect: 'manual' }),
    ),
  )
  const authorize = starts.map(({ headers }) => new URL(headers.get('location') ?? '').origin)
  return [...new Set([...printed, ...authorize])]
}

describe('node sandbox/demo.ts', () => {
  it('prints one URL to open and what to click', async () => {
    const demo = runDemo()
    await openUrl(demo)
    await demo.says(/Click "Login with Amazon", then "Continue as Ada Example"/)
    expect(demo.stdout.match(/\bOpen\b/g)).toHaveLength(1)
  })

  it('serves on the PORT that it is given', async () => {
    const port = await freePort()
    expect(await openUrl(runDemo({ PORT: port }))).toBe(`http://localhost:${port}`)
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200)
  })

  it.each(['amazon', 'google', 'facebook'] as const)('lets somebody sign in with %s', async (provider) => {
    const demo = runDemo()
    const origin = await openUrl(demo)
    const browser = new HttpBrowser()
    const start = await browser.get(`${origin}/initiateLogin/${provider}`)
    const callback = await browser.continueAs(ada.subjects[provider], start.location ?? '')
    expect((await browser.get(callback)).status).toBe(303)
    const page = await browser.get(`${origin}/s3/`)
    expect(page.body).toContain('analytics-landing-zone')
    await demo.says(/\[signed_in\]/)
    expect(demo.stdout).not.toContain('"level"')
  })

  it('ends with one line that names the port where it is taken, and leaves nobody behind', async () => {
    const other = createServer()
    onTestFinished(() => void other.close())
    await new Promise<void>((resolve) => other.listen(0, resolve))
    const { port } = other.address() as AddressInfo
    const demo = runDemo({ PORT: String(port) })
    const { status, stdout, stderr } = await demo.ended()
    expect(status).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(new RegExp(`^[^\\n]*\\b${port}\\b[^\\n]*\\n$`))
    expect(() => demo.signalGroup('SIGTERM')).toThrow('ESRCH')
  })

  it.each([
    ['SIGINT to it alone', (demo: Running) => demo.signal('SIGINT')],
    ['Ctrl-C in a terminal', (demo: Running) => demo.signalGroup('SIGINT')],
    ['SIGTERM to it alone', (demo: Running) => demo.signal('SIGTERM')],
  ])('stops application and sandbox on %s, and exits 0', async (_how, stop) => {
    const demo = runDemo()
    const origins = await originsOf(demo)
    expect(origins).toHaveLength(6)
    stop(demo)
    const { status, signal, stderr } = await demo.ended()
    expect([status, signal, stderr]).toEqual([0, null, ''])
    expect(await Promise.all(origins.map(isServed))).toEqual(origins.map(() => false))
    expect(() => demo.signalGroup('SIGTERM')).toThrow('ESRCH')
  })

  it('started by npm run demo ends wholly with Ctrl-C', async () => {
    const demo = run(['npm', 'run', '--silent', 'demo'], { PORT: '0' })
    const origins = await originsOf(demo)
    demo.signalGroup('SIGINT')
    await demo.ended()
    expect(await Promise.all(origins.map(isServed))).toEqual(origins.map(() => false))
    expect(() => demo.signalGroup('SIGTERM')).toThrow('ESRCH')
  })
})
