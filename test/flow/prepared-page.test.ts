import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { noMetrics } from '../../src/observe/metrics.ts'
import { startApplication, type TestApplication } from '../application.ts'
import { codeOn, useSituation } from './situation.ts'

/** Asked for once, the login page is prepared from then on. */
const situation = useSituation()

const get = (headers: Record<string, string> = {}, application: TestApplication = situation.application) =>
  request(application.server).get('/').set(headers)

/** All of an answer that may not depend on whether it was prepared. */
async function looks(answer: ReturnType<typeof get>) {
  const { status, headers, text } = await answer
  const { date: _, 'x-request-id': requestId, ...others } = headers
  return { requestId, seen: { status, text, headers: others } }
}

async function withMetrics() {
  const counted: unknown[][] = []
  const request = (...labels: unknown[]) => void counted.push(labels.slice(0, 3))
  const application = await startApplication({}, { metrics: { ...noMetrics, request } })
  return { application, counted }
}

describe('the login page, once it is prepared', () => {
  it.each([
    ['over HTTP', {}],
    ['over HTTPS', { 'X-Forwarded-Proto': 'https' }],
  ])('is the same answer as the first one %s, under an id of its own', async (_title, headers) => {
    const application = await startApplication()
    const first = await looks(get(headers, application))
    const second = await looks(get(headers, application))
    await application.close()
    expect(second.seen).toEqual(first.seen)
    expect(second.requestId).toMatch(/^[\da-f-]{36}$/)
    expect(second.requestId).not.toBe(first.requestId)
  })

  it('comes with Strict-Transport-Security over HTTPS only', async () => {
    await get()
    const [secure, plain] = [await get({ 'X-Forwarded-Proto': 'https' }), await get()]
    expect(secure.headers).toHaveProperty('strict-transport-security')
    expect(plain.headers).not.toHaveProperty('strict-transport-security')
  })

  it('is logged and counted as every other page', async () => {
    const { application, counted } = await withMetrics()
    await get({}, application)
    const { headers } = await get({}, application)
    await application.close()
    const [first, second] = application.log.filter(({ msg }) => msg === 'request')
    const anew = { time: expect.any(String), durationMs: expect.any(Number) }
    expect(second).toEqual({ ...first, ...anew, requestId: headers['x-request-id'] })
    expect(counted).toEqual([
      ['/', 'GET', 200],
      ['/', 'GET', 200],
    ])
  })

  it.each(['bad host', '1270.0.1:99999', 'evil.example@app.example'])(
    'is not shown under the host %j',
    async (host) => {
      await get()
      const { status, text } = await get({ Host: host, Accept: 'text/html' })
      expect({ status, code: codeOn(text) }).toEqual({ status: 400, code: 'request.malformed' })
    },
  )

  it('is shown under PUBLIC_URL only, where there is one', async () => {
    const application = await startApplication({ PUBLIC_URL: 'https://app.example' })
    await get({ Host: 'app.example' }, application)
    const ours = await get({ Host: 'app.example' }, application)
    const foreign = await get({ Host: 'evil.example', Accept: 'text/html' }, application)
    await application.close()
    expect(ours.status).toBe(200)
    expect(ours.headers).toHaveProperty('strict-transport-security')
    expect(codeOn(foreign.text)).toBe('request.foreign_host')
  })

  it('gives way to whatever is asked for beyond it', async () => {
    await get()
    const { server } = situation.application
    const expired = await request(server).get('/?notice=expired')
    expect(expired.text).toContain('Your access has run out')
    const back = await request(server).get('/?returnPath=%2Fflow')
    expect(back.text).toContain('/initiateLogin/amazon?returnPath=%2Fflow')
    expect((await request(server).post('/')).status).toBe(405)
    const head = await request(server).head('/')
    expect(head.status).toBe(200)
    expect(head.headers).toMatchObject({ 'content-length': expect.any(String) })
  })

  it.each([{ 'If-None-Match': '*' }, { 'If-Modified-Since': 'Thu, 01 Jan 2099 00:00:00 GMT' }])(
    'comes in full to %j',
    async (condition) => {
      await get()
      const { status, text } = await get(condition)
      expect(status).toBe(200)
      expect(text).toContain('/initiateLogin/amazon')
    },
  )
})
