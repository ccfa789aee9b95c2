import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { ada } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { originOf, runMain } from './running.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())

describe('the metrics of a process', () => {
  it('are off by default, and never on the port that people reach', async () => {
    const main = runMain(sandbox.environment)
    const origin = await originOf(main)
    expect((await fetch(`${origin}/metrics`)).status).toBe(404)
    expect(main.stdout).not.toContain('"msg":"metrics"')
  })

  it('count sign-ins by provider and outcome on a port of their own, and name nobody and no secret', async () => {
    const main = runMain({ ...sandbox.environment, METRICS_PORT: '0' })
    const origin = await originOf(main)
    const port = await main.says(/"port":(\d+),"msg":"metrics"/)
    sandbox.registerApplication(origin)
    const secrets: string[] = []
    const browser = new HttpBrowser()
    for (const [provider, subject] of Object.entries(ada.subjects)) {
      const start = await browser.get(`${origin}/initiateLogin/${provider}`)
      const callback = await browser.continueAs(subject, start.location ?? '')
      for (const name of ['code', 'state']) secrets.push(callback.searchParams.get(name) ?? '')
      secrets.push(subject)
      expect((await browser.get(callback)).status).toBe(303)
    }
    expect((await browser.get(`${origin}/s3/`)).status).toBe(200)
    const cancelled = await browser.get(`${origin}/initiateLogin/amazon`)
    await browser.get(await browser.cancel(cancelled.location ?? ''))
    await new HttpBrowser().get(`${origin}/oauth2callback/google?state=forged-state&code=forged-code`)

    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    const events = text.split('\n').filter((line) => line.startsWith('sign_in_events_total{'))
    const event = (name: string, provider: string, outcome: string) =>
      `sign_in_events_total{event="${name}",provider="${provider}",outcome="${outcome}"} 1`
    expect(events.sort()).toEqual(
      [
        event('signed_in', 'amazon', 'ok'),
        event('signed_in', 'google', 'ok'),
        event('signed_in', 'facebook', 'ok'),
        event('sts_exchange', 'amazon', 'ok'),
        event('sts_exchange', 'google', 'ok'),
        event('sts_exchange', 'facebook', 'ok'),
        event('refused', 'amazon', 'login.cancelled'),
        event('refused', 'google', 'login.no_attempt'),
      ].sort(),
    )
    expect(text).toMatch(/upstream_call_duration_seconds_count\{call="sts AssumeRole\w+",status="200"\} 3/)
    // Each sign-in is a new session, in the place of the one before.
    expect(text).toMatch(/^sessions_active 3$/m)
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds \S+$/m)
    expect(text).toContain('route="/oauth2callback/:provider"')
    secrets.push(ada.name, ada.email ?? '', 'forged', ...browser.cookies.map(({ value }) => value))
    secrets.push(
      ...Object.entries(sandbox.environment).flatMap(([name, value]) => (/SECRET/.test(name) ? value : [])),
    )
    expect(secrets.length).toBeGreaterThan(12)
    expect(secrets.filter((secret) => secret === '' || text.includes(secret))).toEqual([])
    expect(text).not.toMatch(/ASIA\w{8}|eyJ\w|Atza/)
  })
})
