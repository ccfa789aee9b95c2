import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { Connection } from '../../bench/load/connection.ts'

/** Answers each request with the next of `answers`, piece by piece; counts connections. */
async function serverOf(...answers: string[][]): Promise<{ origin: string; connections: () => number }> {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    socket.setNoDelay(true).on('data', async () => {
      for (const piece of answers.shift() ?? []) {
        socket.write(piece)
        await new Promise(setImmediate)
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
  }
}

test.for([
  ['with a length, in pieces', ['HTTP/1.1 200 OK\r\nContent-Le', 'ngth: 5\r\n\r\nhe', 'llo']],
  ['in chunks', ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '5\r\nhello\r\n', '0\r\n', '\r\n']],
  ['in chunks, none of them', ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '0\r\n\r\n']],
  ['with a length of 0', ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n']],
] as const)(
  'an answer %s ends where it ends, and the next request goes over the same connection',
  async ([, pieces]) => {
    const { origin, connections } = await serverOf(
      [...pieces],
      ['HTTP/1.1 404 No\r\ncontent-length: 1\r\n\r\n!'],
    )
    const connection = new Connection(origin)
    onTestFinished(() => connection.close())
    expect(await connection.get('/')).toMatchObject({ status: 200 })
    expect(await connection.get('/')).toMatchObject({ status: 404 })
    expect(connections()).toBe(1)
  },
)

test('a server that closes after an answer is connected to again', async () => {
  const last = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'
  const { origin, connections } = await serverOf([last], [last])
  const connection = new Connection(origin)
  await connection.get('/')
  await connection.get('/')
  expect(connections()).toBe(2)
})

test('an answer whose end cannot be told is an error, since its time would be none', async () => {
  const { origin } = await serverOf(['HTTP/1.1 200 OK\r\n\r\nhello'])
  await expect(new Connection(origin).get('/')).rejects.toThrow('without a length')
})
