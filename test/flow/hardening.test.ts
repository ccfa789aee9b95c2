import { request as httpRequest } from 'node:http'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { alsoStart, codeOn, cookieHeader, cookieNamed, useSituation } from './situation.ts'

const situation = useSituation()

const get = (path: string, headers: Record<string, string> = {}) =>
  request(situation.application.server)
    .get(path)
    .set({ Accept: 'text/html', ...headers })

describe('the security headers', () => {
  const pages = [
    ['the login page', '/', {}],
    ['the privacy notice', '/privacy', {}],
    ['the redirect to a provider', '/initiateLogin/amazon', {}],
    ['a refused callback', '/oauth2callback/amazon', {}],
    ['the redirect of somebody signed out', '/s3/', {}],
    ['a wrong method', '/logout', {}],
    ['an unknown path', '/nowhere', {}],
    ['an unknown provider', '/initiateLogin/nobody', {}],
    ['a style sheet', '/assets/style.css', {}],
    ['a script', '/assets/js/implicit-callback.js', {}],
    ['a missing file', '/assets/css/nothing.css', {}],
    ['a JSON error', '/nowhere', { Accept: 'application/json' }],
  ] as const
  const malformedHost = ['a malformed Host', '/', { Host: 'a_b' }] as const

  const expectHeaders = (headers: Record<string, string>) => {
    expect(headers['x-request-id']).toMatch(/^[\da-f-]{36}$/)
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    })
    expect(headers['referrer-policy']).toMatch(/^(same-origin|no-referrer)$/)
    expect(headers['permissions-policy']).toContain('camera=()')
    const policy = headers['content-security-policy'] ?? ''
    for (const part of [
      "default-src 'none'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'self'",
    ]) {
      expect(policy).toContain(part)
    }
    expect(policy).not.toMatch(/unsafe-|\*/)
  }

  it.each([...pages, malformedHost])('stand on %s', async (_title, path, headers) => {
    const answer = await get(path, headers)
    expectHeaders(answer.headers)
    expect(answer.headers['strict-transport-security']).toBeUndefined()
  })

  it.each(pages)('over HTTPS demand HTTPS on %s', async (_title, path, headers) => {
    const answer = await get(path, { ...headers, 'X-Forwarded-Proto': 'https' })
    expectHeaders(answer.headers)
    expect(answer.headers['strict-transport-security']).toMatch(/^max-age=\d{8,}/)
  })

  it('let no referrer out of a refused callback, whose address has a code and a state in it', async () => {
    const { status, headers } = await get('/oauth2callback/amazon?code=made-up&state=made-up')
    expect([status, headers['referrer-policy']]).toEqual([403, 'no-referrer'])
  })

  it('let the page of a person with a picture load it from its own origin, and no other page', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, situation.application, 'google')
    const page = await browser.get(`${situation.application.url}/s3/`)
    const { origin } = new URL(situation.sandbox.google.url)
    expect(page.headers.get('content-security-policy')).toContain(`img-src 'self' ${origin};`)
    const { headers } = await get('/privacy')
    expect(headers['content-security-policy']).toContain("img-src 'self';")
  })
})

describe('GET /initiateLogin/:provider and /oauth2callback/:provider', () => {
  const hostileNames = [
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'nobody',
    'Amazon',
    'amazon%00',
    'amazon%20',
    '..%2f',
    '..%2Famazon',
    '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    '%E0%A4%A',
    '%',
    '%ED%A0%80',
    '<script>',
    'a'.repeat(8_000),
  ]
  const paths = hostileNames.flatMap((name) => [`/initiateLogin/${name}`, `/oauth2callback/${name}`])

  /** Sends the path letter by letter, which a URL parser would not. */
  const getLiterally = (path: string) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const { port } = new URL(situation.application.url)
      const sent = httpRequest(
        { host: '127.0.0.1', port, path, headers: { accept: 'text/html' } },
        (answer) => {
          let body = ''
          answer.on('data', (chunk) => {
            body += chunk
          })
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
        },
      )
      sent.on('error', reject)
      sent.end()
    })

  it.each(paths.map((path) => [path.slice(0, 60), path]))('%s is an error page', async (_title, path) => {
    const { status, body } = await getLiterally(path)
    const code = codeOn(body)
    expect([400, 404]).toContain(status)
    expect(['login.provider_unknown', 'request.malformed']).toContain(code)
    expect(body).not.toContain('<script>')
  })

  it.each(['/initiateLogin/', '/oauth2callback/'])('%s with a name of 100 KB is refused', async (path) => {
    const { status } = await getLiterally(path + 'a'.repeat(100_000)).catch(() => ({ status: 431 }))
    expect([400, 404, 414, 431]).toContain(status)
  })

  it('a provider that is switched off is a 404 page, and no button of the login page leads there', async () => {
    const application = await alsoStart(situation.sandbox, { AMAZON_ROLE_ARN: 'not an ARN' })
    const page = await request(application.server).get('/')
    expect(page.text).not.toContain('href="/initiateLogin/amazon"')
    expect(page.text).toMatch(/data-provider="amazon"[^>]*aria-disabled="true"/)
    expect(page.text).toContain('href="/initiateLogin/google"')
    for (const path of ['/initiateLogin/amazon', '/oauth2callback/amazon?code=1&state=2']) {
      const { status, text } = await request(application.server).get(path).set('Accept', 'text/html')
      expect({ status, code: codeOn(text) }).toEqual({ status: 404, code: 'login.provider_off' })
    }
  })
})

describe('GET /s3/ for a planted header', () => {
  it('opens nothing for a health checker, a forwarded address or a rewritten path', async () => {
    const answer = await get('/s3/', {
      'User-Agent': 'ELB-HealthChecker/2.0',
      'X-Forwarded-For': '127.0.0.1',
      'X-Forwarded-Uri': '/healthz',
      'X-Original-URL': '/healthz',
      'X-Rewrite-URL': '/healthz',
    })
    expect(answer.status).toBe(303)
    expect(new URL(answer.headers.location ?? '', 'http://base.invalid').pathname).toBe('/')
  })

  it('takes no session cookie whose signature is wrong', async () => {
    const browser = new HttpBrowser()
    await signIn(browser, situation.application, 'amazon')
    const cookie = cookieNamed(browser, 'session') ?? ''
    const withSession = (value: string) =>
      cookieHeader(browser, situation.application).replace(cookie, () => value)
    const [id = ''] = decodeURIComponent(cookie).slice(2).split('.')
    for (const forged of [`${cookie}x`, `s:${id}.AAAA`, id, `s%3A${id}`, `j:{"id":"${id}"}`]) {
      expect((await get('/s3/', { Cookie: withSession(forged) })).status).toBe(303)
    }
    expect((await get('/s3/', { Cookie: cookieHeader(browser, situation.application) })).status).toBe(200)
  })
})
