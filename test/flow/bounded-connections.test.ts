import { Agent } from 'undici'
import { expect, it, onTestFinished } from 'vitest'
import { sendRaw } from './raw-http.ts'
import { useSituation } from './situation.ts'

const situation = useSituation()

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n`
const last = 'Connection: close\r\n'

it('hangs up on a connection that asks for page after page and waits for none', async () => {
  const { url, log } = situation.application
  const before = log.length
  await sendRaw(url, get('/explained').repeat(1000))
  const workedOn = situation.application.log.slice(before).filter(({ path }) => path === '/explained')
  expect(workedOn.length).toBeLessThanOrEqual(8)
})

it('answers a few requests that come at once, in their order', async () => {
  const { text } = await sendRaw(
    situation.application.url,
    get('/privacy') + get('/nowhere') + get('/explained', last),
  )
  expect(text.match(/(?<=^HTTP\/1\.1 )\d+/gm)).toEqual(['200', '404', '200'])
})

it('answers any number of requests over one connection that come one after the other', async () => {
  const connection = new Agent({ connections: 1, pipelining: 1 })
  onTestFinished(() => connection.close())
  for (let number = 0; number < 20; number += 1) {
    const { statusCode, body } = await connection.request({
      origin: situation.application.url,
      path: '/privacy',
      method: 'GET',
    })
    await body.dump()
    expect(statusCode).toBe(200)
  }
})

it.each(['Content-Length: 1000000\r\n', 'Transfer-Encoding: chunked\r\n'])(
  'reads nothing more of a body that nobody needs: %j',
  async (header) => {
    const { status, text } = await sendRaw(situation.application.url, get('/', header))
    expect(status).toBe(200)
    expect(text).toContain('\r\nConnection: close\r\n')
  },
)
