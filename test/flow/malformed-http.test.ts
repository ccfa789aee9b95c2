import { afterEach, describe, expect, it } from 'vitest'
import { signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { expectHarmless, rawRequest, sendRaw } from './raw-http.ts'
import { useSituation } from './situation.ts'

const situation = useSituation()

// Whatever a test has sent: the process lives.
afterEach(async () => {
  expect((await new HttpBrowser().get(situation.application.url)).status).toBe(200)
})

describe('what is no HTTP', () => {
  it.each([
    ['empty lines before a request', '\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    ['binary noise', Buffer.from(Array.from({ length: 2_000 }, (_, index) => (index * 7919) % 256))],
    ['a TLS greeting', Buffer.from('16030100c8010000c40303', 'hex')],
    ['no version', 'GET /\r\n\r\n'],
    ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['no Host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['a space in the path', 'GET / s3/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    ['a NUL in the path', 'GET /\0 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    ['a NUL in a header', 'GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\nConnection: close\r\n\r\n'],
    ['a bare line feed', 'GET / HTTP/1.1\nHost: a\nConnection: close\n\n'],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\nConnection: close\r\n\r\n'],
    [
      'two lengths',
      'POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 30\r\nConnection: close\r\n\r\nabc',
    ],
    [
      'length and chunks (request smuggling)',
      'POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nGET /s3/ HTTP/1.1\r\n\r\n',
    ],
    [
      'a chunk of no length',
      'POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n',
    ],
    ['an unknown method', 'BREW /coffee HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    ['CONNECT', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'],
    [
      'a foreign absolute address',
      'GET http://evil.example/s3/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n',
    ],
    ['an asterisk', 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
  ])('is refused or taken as it should: %s', async (_title, bytes) => {
    expectHarmless(await sendRaw(situation.application.url, bytes))
  })
})

describe('a whole address in the request line', () => {
  const ask = (target: string) =>
    sendRaw(
      situation.application.url,
      `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
    )

  it('is as good as its path where it is ours', async () => {
    const { status, text } = await ask('http://127.0.0.1/s3/?sort=-name')
    expect(status).toBe(303)
    expect(text).toContain(`Location: /?${new URLSearchParams({ returnPath: '/s3/?sort=-name' })}`)
  })

  it.each(['http://evil.example/s3/', 'http://evil.example/initiateLogin/amazon', 'http://127.0.0.1:9/s3/'])(
    'is refused where it is %s, and stands nowhere on the page',
    async (target) => {
      const { status, text } = await ask(target)
      expect(status).toBe(400)
      expect(text).not.toContain('evil.example')
    },
  )
})

describe('a path that a browser could read as another host', () => {
  it.each([
    '//evil.example',
    '//evil.example/',
    '//evil.example/%2e%2e',
    '//evil.example/%2f..',
    '/\\evil.example/',
    '/%5cevil.example/',
    '///evil.example/..',
    '//evil.example//s3',
    '/assets//evil.example/%2e%2e/',
    '/assets/..%2f/evil.example/',
    '/s3//evil.example/',
    '/initiateLogin//evil.example/',
    '/?returnPath=//evil.example',
  ])('%s is no redirect to it', async (path) => {
    for (const method of ['GET', 'POST']) {
      const { status, text } = await sendRaw(situation.application.url, rawRequest(method, path))
      const location = /^location: (.*)$/im.exec(text)?.[1]?.trim() ?? '/'
      expect(status).toBeGreaterThan(0)
      expect(status).toBeLessThan(500)
      expect(new URL(location, 'http://app.example/').origin).toBe('http://app.example')
    }
  })
})

describe('a condition in the request', () => {
  it.each(['/', '/privacy', '/s3/', '/nowhere'])(
    'changes nothing of %s: pages have no validators',
    async (path) => {
      const browser = new HttpBrowser()
      await signIn(browser, situation.application, 'amazon')
      const conditions = { 'if-none-match': '*', 'if-modified-since': 'Fri, 25 Nov 2099 00:00:00 GMT' }
      const { status, body } = await browser.get(`${situation.application.url}${path}`, conditions)
      expect(status).toBe(path === '/nowhere' ? 404 : 200)
      expect(body).toContain('<!doctype html>')
    },
  )
})
