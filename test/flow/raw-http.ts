import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'vitest'
import { innards } from './situation.ts'

/** What came back on the wire. */
export interface RawAnswer {
  /** 0 where the connection was closed without an answer. */
  status: number
  text: string
  durationMs: number
}

/** Sends these bytes to `url`'s host and port, and reads until the other side closes. A string is sent as Latin-1. */
export async function sendRaw(url: string, bytes: string | Buffer): Promise<RawAnswer> {
  const startedAt = performance.now()
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  // The other side may close before it has read everything: that is its right.
  socket.on('error', () => {})
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  const answer = await text(socket).catch(() => '')
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0),
    text: answer,
    durationMs: performance.now() - startedAt,
  }
}

/** A request in full, for a path or header that no client library would send. The connection is closed after it. */
export function rawRequest(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body = '',
): string {
  const all = { Host: '127.0.0.1', Accept: 'text/html', Connection: 'close', ...headers }
  const length = body ? [`Content-Length: ${Buffer.byteLength(body, 'latin1')}`] : []
  const lines = [...Object.entries(all).map(([name, value]) => `${name}: ${value}`), ...length]
  return `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`
}

/** Refused, or shown a page, within a second; nobody signed in; nothing told of the machine. */
export function expectHarmless({ status, text, durationMs }: RawAnswer): void {
  expect(status).toBeLessThan(500)
  expect(durationMs).toBeLessThan(1_000)
  expect(text).not.toMatch(/^set-cookie: (__Host-)?session=/im)
  expect(text).not.toMatch(innards)
}
