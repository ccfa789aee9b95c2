import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { originOf, runMain } from './running.ts'

/** Sends `first`, then `drop` twice a second, and tells after how many seconds who hung up with which words. */
async function drip(port: number, first: string, drop: string) {
  const startedAt = performance.now()
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
  })
  socket.on('error', () => {})
  socket.write(first)
  const dripping = setInterval(() => socket.write(drop), 500)
  await once(socket, 'close')
  clearInterval(dripping)
  return { answer, seconds: (performance.now() - startedAt) / 1000 }
}

describe('a client that takes its time', () => {
  const form = 'POST /logout HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n'

  it('is hung up on, whatever it is slow with, and holds up nobody else', { timeout: 60_000 }, async () => {
    const origin = await originOf(runMain())
    const port = Number(new URL(origin).port)
    const slow = Promise.all([
      drip(port, 'GET / HTTP/1.1\r\nHost: a\r\n', 'X-A: b\r\n'),
      drip(port, 'GET /', 'a'),
      drip(port, `${form}Content-Length: 30000\r\n\r\n`, 'a'),
      drip(port, `${form}Transfer-Encoding: chunked\r\n\r\n`, '1\r\na\r\n'),
    ])
    expect((await fetch(origin)).status).toBe(200)
    for (const { answer, seconds } of await slow) {
      expect(answer).toMatch(/^HTTP\/1\.1 408 /)
      expect(seconds).toBeLessThan(30)
    }
    expect((await fetch(origin)).status).toBe(200)
  })
})
