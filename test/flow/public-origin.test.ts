import request from 'supertest'
import { describe, expect, it } from 'vitest'
import type { TestApplication } from '../application.ts'
import { rawRequest, sendRaw } from './raw-http.ts'
import { alsoStart, codeOn, queryOf, useSituation } from './situation.ts'

const situation = useSituation()

const start = async (
  headers: Record<string, string>,
  application: TestApplication = situation.application,
) => {
  const answer = await request(application.server)
    .get('/initiateLogin/amazon')
    .set({ Accept: 'text/html', ...headers })
  const redirectUri = answer.headers.location && queryOf(answer.headers.location).redirect_uri
  return { status: answer.status, code: codeOn(answer.text), redirectUri }
}

describe('the redirect URI without PUBLIC_URL', () => {
  it.each([
    ['the Host header', { Host: 'app.example' }, 'http://app.example'],
    ['the Host header with its port', { Host: 'App.Example:8080' }, 'http://app.example:8080'],
    ['an IPv6 Host', { Host: '[::1]:3000' }, 'http://[::1]:3000'],
    [
      'the scheme that a trusted proxy reports',
      { Host: 'app.example', 'X-Forwarded-Proto': 'https' },
      'https://app.example',
    ],
    [
      'the Host header and not X-Forwarded-Host',
      { Host: 'app.example', 'X-Forwarded-Host': 'evil.example' },
      'http://app.example',
    ],
    [
      'the Host header and none of the other forms of forwarding',
      {
        Host: 'app.example',
        Forwarded: 'host=evil.example;proto=https',
        X_Forwarded_Proto: 'https',
        X_Forwarded_Host: 'evil.example',
        'X-Host': 'evil.example',
        'X-Original-Host': 'evil.example',
        'X-Forwarded-Port': '666',
        'X-Forwarded-Prefix': '/evil',
      },
      'http://app.example',
    ],
  ])('follows %s', async (_title, headers, origin) => {
    const { status, redirectUri } = await start(headers)
    expect({ status, redirectUri }).toEqual({ status: 302, redirectUri: `${origin}/oauth2callback/amazon` })
  })

  it('does not follow the scheme that an untrusted client reports', async () => {
    const application = await alsoStart(situation.sandbox, { TRUST_PROXY: 'none' })
    const { redirectUri } = await start({ Host: 'app.example', 'X-Forwarded-Proto': 'https' }, application)
    expect(redirectUri).toBe('http://app.example/oauth2callback/amazon')
  })

  it.each(['javascript', 'ftp', 'https://evil.example', 'https,http', ''])(
    'takes no scheme but http and https out of X-Forwarded-Proto: %j',
    async (proto) => {
      const { redirectUri } = await start({ Host: 'app.example', 'X-Forwarded-Proto': proto })
      expect(redirectUri).toMatch(/^https?:\/\/app\.example\/oauth2callback\/amazon$/)
    },
  )

  it.each([
    'a_b',
    'user@app.example',
    'app.example/evil',
    'app.example?x',
    'app.example#x',
    'app.example\\evil',
    'app.example:port',
    'app.example:123456',
    'app.example:65536',
    '1270.0.0.1',
    'app.example evil.example',
    '.app.example',
    '-app.example',
    '<script>',
    '[::1',
    'app.example,evil.example',
    'äpp.example',
  ])('is not built from the malformed Host %j, which is refused', async (host) => {
    const { status, text } = await sendRaw(
      situation.application.url,
      rawRequest('GET', '/initiateLogin/amazon', { Host: host }),
    )
    expect(status).toBe(400)
    expect(text).not.toMatch(/^location:/im)
  })

  it('is not built where two Host headers come', async () => {
    const two =
      'GET /initiateLogin/amazon HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\nConnection: close\r\n\r\n'
    const { text } = await sendRaw(situation.application.url, two)
    expect(text).not.toContain('b.example')
  })
})

describe('PUBLIC_URL', () => {
  const publicUrl = 'https://buckets.example'

  it('is what redirect URIs are built from, whatever a proxy says', async () => {
    const application = await alsoStart(situation.sandbox, { PUBLIC_URL: publicUrl })
    const headers = [{}, { 'X-Forwarded-Proto': 'http' }, { 'X-Forwarded-Host': 'evil.example' }]
    for (const one of headers) {
      const { redirectUri } = await start({ Host: 'buckets.example', ...one }, application)
      expect(redirectUri).toBe(`${publicUrl}/oauth2callback/amazon`)
    }
  })

  it.each([
    ['https://buckets.example', 'http', /^__Host-attempt-.*; Secure/],
    ['http://localhost:3000', 'https', /^attempt-(?!.*Secure)/],
  ])('%s settles the kind of the cookies too, though a proxy says %s', async (address, reported, cookie) => {
    const application = await alsoStart(situation.sandbox, { PUBLIC_URL: address })
    const answer = await request(application.server)
      .get('/initiateLogin/amazon')
      .set({ Host: new URL(address).host, 'X-Forwarded-Proto': reported })
    expect(answer.headers['set-cookie']).toEqual([expect.stringMatching(cookie)])
    expect('strict-transport-security' in answer.headers).toBe(address.startsWith('https:'))
  })

  it.each([
    'evil.example',
    'buckets.example.evil.example',
    'evilbuckets.example',
    'buckets.example:8443',
    '127.0.0.1',
    'localhost',
  ])('refuses the foreign Host %s on every route but the health check', async (host) => {
    const application = await alsoStart(situation.sandbox, { PUBLIC_URL: publicUrl })
    for (const path of [
      '/',
      '/privacy',
      '/initiateLogin/amazon',
      '/oauth2callback/amazon',
      '/s3/',
      '/nowhere',
    ]) {
      const answer = await request(application.server).get(path).set({ Host: host, Accept: 'text/html' })
      expect({ path, status: answer.status, code: codeOn(answer.text) }).toEqual({
        path,
        status: 421,
        code: 'request.foreign_host',
      })
      expect(answer.headers.location).toBeUndefined()
    }
  })

  it.each(['buckets.example', 'BUCKETS.example', 'buckets.example:443'])(
    'serves its own host, spelled %s',
    async (host) => {
      const application = await alsoStart(situation.sandbox, { PUBLIC_URL: publicUrl })
      const { status } = await request(application.server).get('/').set('Host', host)
      expect(status).toBe(200)
    },
  )

  it.each([
    ['a foreign Host', '/', 421],
    ['the health check, whatever Host it names', '/healthz', 200],
  ])('leaves the security headers on the answer to %s', async (_title, path, status) => {
    const application = await alsoStart(situation.sandbox, { PUBLIC_URL: publicUrl })
    const headers = { Host: 'evil.example', Accept: 'text/html' }
    const answer = await request(application.server).get(path).set(headers)
    expect(answer.status).toBe(status)
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'")
    expect(answer.headers['x-content-type-options']).toBe('nosniff')
  })
})
