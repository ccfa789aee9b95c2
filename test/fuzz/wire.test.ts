import { once } from 'node:events'
import { connect } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { expectHarmless, rawRequest, sendRaw } from '../flow/raw-http.ts'
import { alsoStart, useSituation } from '../flow/situation.ts'
import { HttpBrowser } from '../http-browser.ts'
import { fuzz, mutated } from './fuzz.ts'

const situation = useSituation({ AMAZON_GRANT: 'implicit' })

// Whatever a test has sent: the process lives.
afterEach(async () => {
  expect((await new HttpBrowser().get(`${situation.application.url}/healthz`)).status).toBe(200)
})

const form = { 'Content-Type': 'application/x-www-form-urlencoded', Cookie: 'session=s%3Ax.y; a=b' }

/** How long a connection may be silent before we take it that the other side waits for more, in milliseconds. */
const silenceMs = 25

/** Sends bytes that need not be a whole request, and reads what comes. */
async function exchange(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk)).on('error', () => {})
  socket.setTimeout(silenceMs, () => socket.destroy())
  socket.write(Buffer.from(bytes, 'latin1'))
  await once(socket, 'close')
  return Buffer.concat(chunks).toString('latin1')
}

describe('the process under arbitrary bytes', () => {
  const requests = [
    rawRequest('GET', '/oauth2callback/amazon?state=x&code=y', { Cookie: 'attempt-a-AAAAAAAAAAAAAAAA=AAAA' }),
    rawRequest('GET', '/initiateLogin/google?returnPath=%2Fs3%2F', { 'X-Forwarded-For': '192.0.2.1' }),
    rawRequest('POST', '/oauth2callback/amazon', form, 'state=x&access_token=y'),
    rawRequest('POST', '/logout', form, 'csrf=x'),
    rawRequest('POST', '/logout', { ...form, 'Transfer-Encoding': 'chunked' }, '').concat(
      '3\r\na=b\r\n0\r\n\r\n',
    ),
    rawRequest('GET', '/s3/', { Accept: 'application/json', Range: 'bytes=0-1' }),
  ]

  /** What a parser of paths, hosts, cookies, forms or queries stumbles over where nobody catches it. */
  const known = [
    rawRequest('GET', '/initiateLogin/%E0%A4%A'),
    rawRequest('GET', '/s3/%/'),
    rawRequest('GET', '/', { Host: '1270.0.1:99999' }),
    rawRequest('GET', '/s3/', { Cookie: 'session=%E0%A4%A; __proto__=x' }),
    rawRequest('GET', '/initiateLogin/__proto__'),
    rawRequest('POST', '/logout', { ...form, 'Content-Encoding': 'gzip' }, 'csrf=x'),
    rawRequest('GET', '/?notice=__proto__&notice=constructor'),
  ]

  it('answers none of them with 500 or more, tells nothing of itself, and lives', async () => {
    const bytes = fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...requests).chain(mutated) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
    )
    await fuzz(
      'bytes on the wire',
      fc.asyncProperty(bytes, async (text) => {
        const answer = await exchange(situation.application.url, text)
        expect(answer).not.toMatch(/^HTTP\/1\.1 5/m)
        expectHarmless({ status: 0, text: answer, durationMs: 0 })
      }),
      known.map((text) => [text]),
    )
  })
})

const word = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
})

describe('a Host header of any kind', () => {
  const host = fc.oneof(
    word,
    mutated('127.0.0.1:3000'),
    fc.webAuthority({ withPort: true, withUserInfo: true, withIPv4: true, withIPv6: true }),
  )
  const oneLine = host.map((text) => text.replace(/[\r\n\0]/g, ''))

  it('leads nobody to a redirect URI of another origin', async () => {
    const application = await alsoStart(situation.sandbox, { PUBLIC_URL: 'http://127.0.0.1:3000' })
    await fuzz(
      'Host headers',
      fc.asyncProperty(oneLine, async (text) => {
        for (const { url } of [situation.application, application]) {
          const answer = await sendRaw(url, rawRequest('GET', '/initiateLogin/amazon', { Host: text }))
          expectHarmless(answer)
          const [, location] = /^location: (\S+)/im.exec(answer.text) ?? []
          if (url !== application.url || location === undefined) continue
          expect(new URL(location).searchParams.get('redirect_uri')).toMatch(/^http:\/\/127\.0\.0\.1:3000\//)
        }
      }),
    )
  })
})

describe('a fragment of any kind, posted to the callback', () => {
  const pair = fc.tuple(fc.constantFrom('state', 'access_token', 'token_type', 'error', 'scope', ''), word)
  const body = fc.oneof(
    word,
    fc.array(pair, { maxLength: 6 }).map((pairs) => pairs.map((one) => one.join('=')).join('&')),
    mutated('state=0123456789&access_token=Atza%7C0123&token_type=bearer&expires_in=3600'),
  )

  it('is refused, and signs nobody in', async () => {
    await fuzz(
      'fragment posts',
      fc.asyncProperty(body, async (text) => {
        const latin1 = Buffer.from(text, 'utf8').toString('latin1')
        const answer = await sendRaw(
          situation.application.url,
          rawRequest('POST', '/oauth2callback/amazon', form, latin1),
        )
        expectHarmless(answer)
        expect([400, 403]).toContain(answer.status)
      }),
    )
  })
})
