import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nginxIsMissing } from '../sessions/nginx.ts'
import { type PlatformNginx, startPlatformNginx } from './elastic-beanstalk-nginx.ts'

const platform = join(import.meta.dirname, '../../.platform')

// Only where there is an nginx, as on the platform itself: its configuration language has no other reader.
describe.skipIf(nginxIsMissing)('nginx with .platform/nginx', () => {
  const received: IncomingMessage[] = []
  const application = createServer((req, res) => {
    received.push(req)
    res.end('ok')
  })
  let nginx: PlatformNginx

  beforeAll(async () => {
    application.listen(0, '127.0.0.1')
    await once(application, 'listening')
    nginx = await startPlatformNginx(platform, (application.address() as AddressInfo).port)
  })
  afterAll(async () => {
    application.close()
    application.closeAllConnections()
    await nginx.close()
  })

  const logs = () => nginx.logs()
  const codes = async () => (await logs()).match(/code-\w+/g) ?? []

  it('passes a callback on as it came, with its code and the forwarded headers', async () => {
    await fetch(`${nginx.url}/oauth2callback/amazon?code=code-a&state=s`, {
      headers: { 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.9' },
    })
    expect(received.at(-1)).toMatchObject({
      url: '/oauth2callback/amazon?code=code-a&state=s',
      headers: { 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.9, 127.0.0.1' },
    })
  })

  it('logs the callback, for people and for enhanced health, without its query string or referrer', async () => {
    await fetch(`${nginx.url}/oauth2callback/google?code=code-b`, {
      headers: { referer: 'https://idp.example/?code-c' },
    })
    await expect.poll(logs).toContain('"GET /oauth2callback/google HTTP/1.1" 200')
    await expect.poll(logs).toMatch(/^[\d.]+"\/oauth2callback\/google"200"/m)
    expect(await codes()).toEqual([])
  })

  it('logs other requests as ever', async () => {
    await fetch(`${nginx.url}/s3/?page=2`)
    await expect.poll(logs).toContain('"GET /s3/?page=2 HTTP/1.1" 200')
  })

  it('writes no code to the error log either, when the application is away', async () => {
    application.close()
    application.closeAllConnections()
    await once(application, 'close')
    expect((await fetch(`${nginx.url}/oauth2callback/amazon?code=code-d`)).status).toBe(502)
    await fetch(`${nginx.url}/?tell-when-written`)
    await expect.poll(logs).toContain('tell-when-written')
    expect(await codes()).toEqual([])
  })
})
