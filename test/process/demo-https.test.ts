import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ada } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { certificateShownBy, fetchTrusting } from '../trusting-fetch.ts'
import { demoFile, isServed, type Running, run } from './running.ts'

const runDemo = (environment: Record<string, string> = { PORT: '0' }): Running =>
  run([process.execPath, demoFile, '--https'], environment)

const openUrl = (demo: Running): Promise<string> => demo.says(/Open\s+(https:\/\/localhost:\d+)\n/)

describe('node sandbox/demo.ts --https', () => {
  it('prints an https: URL, and that the browser will warn', async () => {
    const demo = runDemo()
    await openUrl(demo)
    await demo.says(/Your browser warns of the certificate/)
  })

  it('shows a certificate for localhost that nobody else vouches for', async () => {
    const origin = await openUrl(runDemo())
    await expect(fetch(origin)).rejects.toMatchObject({ cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } })
    const trusting = fetchTrusting(await certificateShownBy(origin))
    expect((await trusting(`${origin}/healthz`)).status).toBe(200)
    expect((await trusting(`${origin.replace('localhost', '127.0.0.1')}/healthz`)).status).toBe(200)
  })

  it.each(['amazon', 'google', 'facebook'] as const)('lets somebody sign in with %s', async (provider) => {
    const demo = runDemo()
    const origin = await openUrl(demo)
    const browser = new HttpBrowser(fetchTrusting(await certificateShownBy(origin)))
    const start = await browser.get(`${origin}/initiateLogin/${provider}`)
    expect(new URL(start.location ?? '').searchParams.get('redirect_uri')).toBe(
      `${origin}/oauth2callback/${provider}`,
    )
    const callback = await browser.continueAs(ada.subjects[provider], start.location ?? '')
    const { status, headers } = await browser.get(callback)
    expect(status).toBe(303)
    expect(headers.getSetCookie()).toContainEqual(
      expect.stringMatching(/^__Host-session=(?=.*; Path=\/)(?=.*; HttpOnly)(?=.*; Secure)/),
    )
    const page = await browser.get(`${origin}/s3/`)
    expect(page.body).toContain('analytics-landing-zone')
    expect(page.headers.get('strict-transport-security')).toContain('max-age=')
  })

  it('does not take the word of a client for the scheme', async () => {
    const origin = await openUrl(runDemo())
    const trusting = fetchTrusting(await certificateShownBy(origin))
    const headers = { 'x-forwarded-proto': 'http' }
    const answer = await trusting(`${origin}/initiateLogin/amazon`, { headers, redirect: 'manual' })
    expect(answer.headers.get('set-cookie')).toMatch(/^__Host-attempt-.*; Secure/)
  })

  it('ends with one line that names the port where it is taken, and leaves nobody behind', async () => {
    const other = createServer()
    onTestFinished(() => void other.close())
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const demo = runDemo({ PORT: String(port) })
    const { status, stderr } = await demo.ended()
    expect(status).toBe(1)
    expect(stderr).toMatch(new RegExp(`^cannot start: [^\\n]*\\b${port}\\b[^\\n]*\\n$`))
    expect(() => demo.signalGroup('SIGTERM')).toThrow('ESRCH')
  })

  it('stops wholly with Ctrl-C', async () => {
    const demo = runDemo()
    const origin = await openUrl(demo)
    demo.signalGroup('SIGINT')
    const { status, stderr } = await demo.ended()
    expect([status, stderr]).toEqual([0, ''])
    expect(await isServed(origin)).toBe(false)
    expect(() => demo.signalGroup('SIGTERM')).toThrow('ESRCH')
  })
})
