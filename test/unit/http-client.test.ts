import { text } from 'node:stream/consumers'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { answerWith, cutShort, flood, hang, resetConnection } from '../../sandbox/faults.ts'
import { type LoopbackServer, listenOnLoopback } from '../../sandbox/loopback-server.ts'
import { createHttpClient, type HttpClient } from '../../src/http-client.ts'
import { limitRequestTo, runInRequestContext } from '../../src/request-context.ts'
import { UnusableAnswer } from '../../src/unusable-answer.ts'
import type { UpstreamCall } from '../../src/upstream-call.ts'

const mebibyte = 1024 * 1024

describe('the HTTP client for providers', () => {
  let server: LoopbackServer
  let client: HttpClient
  let calls: UpstreamCall[]
  let ports: Set<number | undefined>

  beforeEach(async () => {
    ports = new Set()
    server = await listenOnLoopback(async (req, res) => {
      ports.add(req.socket.remotePort)
      const body = await text(req)
      res.setHeader('content-type', 'application/json')
      res.end(JSON.stringify({ method: req.method, authorization: req.headers.authorization, body }))
    })
    calls = []
    client = createHttpClient((call) => calls.push(call))
  })

  afterEach(async () => {
    vi.useRealTimers()
    vi.restoreAllMocks()
    await server.close()
    await client.close()
  })

  const at = (path: string): string => `${server.url}${path}`

  it('sends method, headers and body, and hands back status, headers and body', async () => {
    const answer = await client.fetch(at('/token'), {
      method: 'POST',
      headers: { authorization: 'Bearer t' },
      body: new URLSearchParams({ code: 'c' }),
    })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(await answer.json()).toEqual({ method: 'POST', authorization: 'Bearer t', body: 'code=c' })
  })

  it('hands back whatever status an answer has', async () => {
    for (const status of [204, 304, 400, 404, 429, 500, 503]) {
      server.faults.plan('/', answerWith(status, status === 204 || status === 304 ? '' : 'body'))
      expect((await client.fetchOnce(at('/'))).status).toBe(status)
    }
  })

  it('hands back a redirect, and does not follow it', async () => {
    server.faults.plan('/', answerWith(302, '', { location: at('/elsewhere') }))
    const answer = await client.fetch(at('/'))
    expect(answer.status).toBe(302)
    expect(answer.headers.get('location')).toBe(at('/elsewhere'))
    expect(server.requests.map(({ url }) => url)).toEqual(['/'])
  })

  it('asks the same host again over connections that it has', async () => {
    for (let number = 0; number < 10; number++) await client.fetch(at(`/${number}`))
    expect(ports.size).toBeLessThanOrEqual(2)
  })

  describe.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['identity', Buffer.from],
  ] as [coding: string, code: (text: Buffer) => Buffer][])('of an answer that came as %s', (coding, code) => {
    const plan = (text: Buffer) =>
      server.faults.plan('/', answerWith(200, code(text), { 'content-encoding': coding }))

    it('reads what was meant', async () => {
      plan(Buffer.from('{"a":1}'))
      expect(await (await client.fetch(at('/'))).json()).toEqual({ a: 1 })
    })

    it('takes one mebibyte, and no byte more', async () => {
      plan(Buffer.alloc(mebibyte))
      expect((await (await client.fetch(at('/'))).arrayBuffer()).byteLength).toBe(mebibyte)
      plan(Buffer.alloc(mebibyte + 1))
      await expect(client.fetch(at('/'))).rejects.toBeInstanceOf(UnusableAnswer)
    })

    it('takes nothing for nothing', async () => {
      server.faults.plan('/', answerWith(200, '', { 'content-encoding': coding }))
      expect(await (await client.fetch(at('/'))).text()).toBe('')
    })
  })

  it.each(['zstd', 'gzip, br', 'constructor'])(
    'names the coding of an answer that it cannot read: %s',
    async (coding) => {
      server.faults.plan('/', answerWith(200, 'body', { 'content-encoding': coding }))
      await expect(client.fetch(at('/'))).rejects.toThrow(`compressed as ${coding}, which was not asked for`)
      expect(calls).toMatchObject([{ status: undefined, attempts: 1 }])
    },
  )

  it('takes an answer of one mebibyte, and none that is larger by a byte', async () => {
    server.faults.plan('/', answerWith(200, Buffer.alloc(mebibyte, 'x')))
    expect((await (await client.fetch(at('/'))).arrayBuffer()).byteLength).toBe(mebibyte)
    server.faults.plan('/', answerWith(200, Buffer.alloc(mebibyte + 1, 'x')))
    await expect(client.fetch(at('/'))).rejects.toBeInstanceOf(UnusableAnswer)
  })

  it.each([
    ['an endless answer', flood(1024 * mebibyte)],
    [
      'an answer that only compression makes small',
      answerWith(200, gzipSync(Buffer.alloc(16 * mebibyte)), { 'content-encoding': 'gzip' }),
    ],
    ['an impossible status', answerWith(999)],
  ])('refuses %s', async (_what, fault) => {
    server.faults.plan('/', fault)
    await expect(client.fetch(at('/'))).rejects.toBeInstanceOf(UnusableAnswer)
    expect(calls).toMatchObject([{ status: undefined }])
  })

  it.each([
    ['closes the connection', resetConnection],
    ['closes the connection half way through', cutShort('{"access_token":"t"}')],
    ['sends no gzip where it says gzip', answerWith(200, 'plain', { 'content-encoding': 'gzip' })],
  ])('fails as the Fetch API does where the provider %s', async (_what, fault) => {
    server.faults.plan('/', fault, 9)
    await expect(client.fetch(at('/'))).rejects.toMatchObject({
      name: 'TypeError',
      cause: expect.any(Error),
    })
  })

  it('fails as the Fetch API does where nothing listens', async () => {
    const nobody = await listenOnLoopback(() => {})
    await nobody.close()
    await expect(client.fetch(nobody.url)).rejects.toMatchObject({
      name: 'TypeError',
      cause: { code: 'ECONNREFUSED' },
    })
  })

  it('has connections of its own, which end with it', async () => {
    const other = createHttpClient(() => {})
    await other.fetch(at('/'))
    await other.close()
    await expect(other.fetch(at('/'))).rejects.toMatchObject({ cause: { code: 'UND_ERR_DESTROYED' } })
    expect(server.requests).toHaveLength(1)
  })

  it('gives up after eight seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    server.faults.plan('/', hang)
    const given = vi.fn()
    const waiting = client.fetch(at('/')).catch(given)
    await vi.advanceTimersByTimeAsync(7_900)
    expect(given).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(100)
    await waiting
    expect(given).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ name: 'TimeoutError' }))
  })

  it('gives up when the deadline of the request passes that it works for', async () => {
    server.faults.plan('/', hang)
    const call = runInRequestContext({ requestId: 'r' }, () => {
      limitRequestTo(1)
      return client.fetch(at('/'))
    })
    await expect(call).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(calls).toMatchObject([{ status: undefined }])
  })

  it('gives up when the caller does', async () => {
    server.faults.plan('/', hang)
    const caller = new AbortController()
    const waiting = expect(client.fetch(at('/'), { signal: caller.signal })).rejects.toMatchObject({
      name: 'AbortError',
    })
    caller.abort()
    await waiting
  })

  it('does not even begin where the deadline has passed', async () => {
    const context = { requestId: 'r', deadline: AbortSignal.abort() }
    await expect(runInRequestContext(context, () => client.fetch(at('/')))).rejects.toMatchObject({
      name: 'AbortError',
    })
    expect(server.requests).toEqual([])
  })

  it.each([
    ['closes the connection', resetConnection],
    ['closes the connection half way through', cutShort('{"a":1}')],
    ['has an error', answerWith(500)],
    ['is unavailable', answerWith(503)],
    ['asks for patience', answerWith(429)],
    [
      'asks for patience of a time that has come',
      answerWith(429, '', { 'retry-after': new Date(0).toUTCString() }),
    ],
  ])('tries a GET once more where the provider %s, and reports one call', async (_what, fault) => {
    server.faults.plan('/', fault, 1)
    expect((await client.fetch(at('/'))).status).toBe(200)
    expect(calls).toMatchObject([{ status: 200, attempts: 2 }])
  })

  it('hands back the second failure of a GET', async () => {
    server.faults.plan('/', answerWith(503), 9)
    expect((await client.fetch(at('/'))).status).toBe(503)
    server.faults.clear()
    server.faults.plan('/', resetConnection, 9)
    await expect(client.fetch(at('/'))).rejects.toBeInstanceOf(TypeError)
    expect(calls).toMatchObject([
      { status: 503, attempts: 2 },
      { status: undefined, attempts: 2 },
    ])
  })

  it('waits for as long as Retry-After says, up to one second', async () => {
    server.faults.plan('/', answerWith(503, '', { 'retry-after': '1' }))
    const startedAt = performance.now()
    expect((await client.fetch(at('/'))).status).toBe(200)
    expect(performance.now() - startedAt).toBeGreaterThan(1_000)
  })

  it.each([
    ['a GET that is answered', answerWith(404), {}],
    ['a provider that asks for two seconds', answerWith(429, '', { 'retry-after': '2' }), {}],
    ['a provider that says when in words', answerWith(503, '', { 'retry-after': 'later' }), {}],
    ['a POST', answerWith(503), { method: 'POST', body: 'code=c' }],
    ['a DELETE', answerWith(503), { method: 'DELETE' }],
  ])('does not try again: %s', async (_what, fault, init) => {
    server.faults.plan('/', fault, 9)
    await client.fetch(at('/'), init)
    expect(server.requests).toHaveLength(1)
  })

  it('does not try a GET again that is to be sent once', async () => {
    server.faults.plan('/', resetConnection, 9)
    await expect(client.fetchOnce(at('/'))).rejects.toBeInstanceOf(TypeError)
    expect(server.requests).toHaveLength(1)
  })

  it('does not wait for a second try past the deadline of the request', async () => {
    server.faults.plan('/', answerWith(503, '', { 'retry-after': '1' }), 9)
    const startedAt = performance.now()
    const call = runInRequestContext({ requestId: 'r' }, () => {
      limitRequestTo(100)
      return client.fetch(at('/'))
    })
    await expect(call).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(performance.now() - startedAt).toBeLessThan(900)
    expect(server.requests).toHaveLength(1)
  })

  it('reports each finished call without query string, headers and body', async () => {
    server.faults.plan('/auth/o2/tokeninfo', answerWith(404, 'canary'))
    await client.fetch(at('/auth/o2/tokeninfo?access_token=canary'), {
      headers: { authorization: 'Bearer canary' },
    })
    await client.fetch(new URL(at('/token?canary#canary')), { method: 'POST', body: 'canary' })
    const { host } = new URL(server.url)
    expect(calls).toEqual([
      { call: `GET ${host}/auth/o2/tokeninfo`, status: 404, durationMs: expect.any(Number), attempts: 1 },
      { call: `POST ${host}/token`, status: 200, durationMs: expect.any(Number), attempts: 1 },
    ])
    expect(JSON.stringify(calls)).not.toContain('canary')
  })

  it('hands back a status that has no body without the one that came with it', async () => {
    server.faults.plan('/', answerWith(205, '{"a":1}'), 9)
    const answer = await client.fetch(at('/'))
    expect([answer.status, await answer.text()]).toEqual([205, ''])
  })

  it('can be closed after an impossible status whose body nobody read', async () => {
    server.faults.plan('/', (_req, res) => {
      res.writeHead(999, { 'content-length': 10_000_000 })
      res.write(Buffer.alloc(2_000_000))
    })
    const other = createHttpClient(() => {})
    await expect(other.fetch(at('/'))).rejects.toBeInstanceOf(UnusableAnswer)
    await other.close()
  })
})
