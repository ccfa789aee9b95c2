import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { signIn } from '../application.ts'
import { HttpBrowser } from '../http-browser.ts'
import { expectHarmless, rawRequest, sendRaw } from './raw-http.ts'
import { queryOf, useSituation } from './situation.ts'

const situation = useSituation({ AMAZON_GRANT: 'implicit' })

const send = (bytes: string | Buffer) => sendRaw(situation.application.url, bytes)

// Whatever a test has sent: the process lives, and signs people in.
afterEach(async () => {
  const health = await new HttpBrowser().get(`${situation.application.url}/healthz`)
  expect(health.status).toBe(200)
  expect((await signIn(new HttpBrowser(), situation.application, 'google')).status).toBe(303)
})

const huge = 'a'.repeat(100_000)

describe('100 KB', () => {
  it.each([
    ['query', rawRequest('GET', `/oauth2callback/amazon?state=${huge}`)],
    ['path', rawRequest('GET', `/${huge}`)],
    ['header', rawRequest('GET', '/', { 'X-Long': huge })],
    ['cookie', rawRequest('GET', '/s3/', { Cookie: `session=${huge}` })],
    [
      'attempt cookie',
      rawRequest('GET', '/oauth2callback/amazon?state=x&code=y', {
        Cookie: `attempt-a-${'A'.repeat(16)}=${huge}`,
      }),
    ],
    ['Host', rawRequest('GET', '/', { Host: huge })],
    ['Accept', rawRequest('GET', '/nowhere', { Accept: huge })],
    [
      'body',
      rawRequest('POST', '/logout', { 'Content-Type': 'application/x-www-form-urlencoded' }, `csrf=${huge}`),
    ],
    [
      'fragment',
      rawRequest(
        'POST',
        '/oauth2callback/amazon',
        { 'Content-Type': 'application/x-www-form-urlencoded' },
        `state=${huge}`,
      ),
    ],
    [
      'pile of headers',
      rawRequest('GET', '/', Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`X-${n}`, 'x']))),
    ],
    [
      'pile of cookies',
      rawRequest('GET', '/s3/', { Cookie: Array.from({ length: 9_000 }, (_, n) => `c${n}=x`).join('; ') }),
    ],
    ['pile of parameters', rawRequest('GET', `/oauth2callback/amazon?${'state=x&'.repeat(12_000)}`)],
  ])('of %s are refused', async (_title, bytes) => {
    const answer = await send(bytes)
    expectHarmless(answer)
    expect([0, 400, 413, 414, 431]).toContain(answer.status)
  })
})

const bytes = (...codes: number[]) => String.fromCharCode(...codes)

/** Values that parsers stumble over; Latin-1, so that each character is one byte on the wire. */
const awkward: Record<string, string> = {
  'an encoded NUL': '%00',
  'an encoded line break': '%0d%0aSet-Cookie:%20session=x',
  'a lone surrogate': '%ED%A0%80',
  'overlong UTF-8': '%C0%AF',
  'a broken sequence': '%E0%A4%A',
  'a percent sign': '%',
  'bytes above ASCII': bytes(0xff, 0xfe, 0x80),
  'a script': '%3Cscript%3Ealert(1)%3C/script%3E',
  'a prototype': '__proto__',
  'a template': '%24%7B7919*7907%7D%3C%25%3D7919*7907%25%3E',
  'a path': '..%2f..%2f..%2fetc%2fpasswd',
  emoji: '%F0%9F%A6%84',
}

describe.each(Object.entries(awkward))('%s', (_title, value) => {
  it('in any parameter of any route does no harm', async () => {
    const names = [
      'code',
      'state',
      'error',
      'error_description',
      'error_code',
      'access_token',
      'returnPath',
      'token',
      'notice',
    ]
    const everything = names.map((name) => `${name}=${value}`).join('&')
    const paths = [
      '/',
      '/privacy',
      '/initiateLogin/amazon',
      '/oauth2callback/amazon',
      '/oauth2callback/google',
      '/s3/',
      '/logout',
    ]
    for (const path of paths) {
      for (const query of [
        everything,
        ...names.map((name) => `${name}=${value}`),
        value,
        `${value}=${value}`,
      ]) {
        const answer = await send(rawRequest('GET', `${path}?${query}`))
        expectHarmless(answer)
        expect(answer.text).not.toContain('<script>alert')
        expect(answer.text).not.toContain('\r\nSet-Cookie: session=x')
        expect(answer.text).not.toContain('62615533')
      }
    }
  })

  it('in any header or cookie does no harm', async () => {
    const names = [
      'Cookie',
      'Accept',
      'Origin',
      'Referer',
      'Sec-Fetch-Site',
      'X-Forwarded-Proto',
      'X-Forwarded-For',
      'Content-Type',
      'User-Agent',
    ]
    for (const name of names) {
      const text =
        name === 'Cookie' ? `session=${value}; attempt-a-${'A'.repeat(16)}=${value}; ${value}` : value
      for (const path of ['/s3/', '/oauth2callback/amazon?state=x&code=y', '/initiateLogin/facebook']) {
        expectHarmless(await send(rawRequest('GET', path, { [name]: text })))
      }
      expectHarmless(await send(rawRequest('POST', '/logout', { [name]: text }, 'csrf=x')))
    }
  })

  it('in a form does no harm', async () => {
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
    for (const body of [
      value,
      `state=${value}`,
      `csrf=${value}`,
      `state=x&access_token=${value}`,
      `${value}=x`,
    ]) {
      for (const path of ['/oauth2callback/amazon', '/logout']) {
        expectHarmless(await send(rawRequest('POST', path, form, body)))
      }
    }
  })
})

describe('parameters in shapes of their own', () => {
  it.each([
    'state[]=x&code=y',
    'state[__proto__]=x&code=y',
    'state[constructor][prototype][polluted]=x',
    '__proto__[polluted]=x&state=x',
    'state=x&state=y&code=z',
    'state=x&code[]=y',
    'state=x&code=y&code=z',
    'state.x=y',
    'state',
    '=',
    '&&&',
    '=x&=y',
    `${'['.repeat(500)}=x`,
    `state${'[a]'.repeat(500)}=x`,
  ])('%j are refused at the callback', async (query) => {
    const answer = await send(rawRequest('GET', `/oauth2callback/google?${query}`))
    expectHarmless(answer)
    expect([400, 403]).toContain(answer.status)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it('a form with a content encoding that we do not read is refused', async () => {
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
    for (const encoding of ['gzip', 'br', 'deflate', 'nonsense']) {
      const answer = await send(
        rawRequest('POST', '/logout', { ...form, 'Content-Encoding': encoding }, 'not compressed'),
      )
      expectHarmless(answer)
    }
    for (const charset of ['utf-7', 'utf-16', 'nonsense', '"']) {
      const type = `application/x-www-form-urlencoded; charset=${charset}`
      expectHarmless(
        await send(rawRequest('POST', '/oauth2callback/amazon', { 'Content-Type': type }, 'state=x')),
      )
    }
  })

  it.each([
    ['announced', 'Content-Length: 1000000000\r\n\r\n', 'a'],
    ['sent in chunks', 'Transfer-Encoding: chunked\r\n\r\n', `10000\r\n${'a'.repeat(65_536)}\r\n`],
  ])(
    'a form without end that is %s is refused at once, and its sender is hung up on',
    async (_how, head, body) => {
      const start =
        'POST /logout HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n'
      // The request is never finished, and asks for the connection to stay.
      const answer = await send(`${start}${head}${body}`)
      expectHarmless(answer)
      expect(answer.status).toBe(413)
    },
  )

  it('a form that breaks off is forgotten', async () => {
    const { url } = situation.application
    const { location } = await new HttpBrowser().get(`${url}/initiateLogin/amazon`)
    const state = queryOf(location).state
    const head = `POST /oauth2callback/amazon HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\nConnection: close\r\n\r\nstate=${state}`
    await new Promise<void>((resolve) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1', () =>
        socket.end(head, () => socket.destroy()),
      )
      socket.on('close', () => resolve())
      socket.on('error', () => {})
    })
  })
})
