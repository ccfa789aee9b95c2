import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkProxies } from '../../src/doctor/proxies.ts'
import { situationOf } from '../../src/doctor/situation.ts'
import { createHttpClient } from '../../src/http-client.ts'
import { Sealer } from '../../src/session/sealing.ts'
import { testimonyHeader } from '../../src/web/testimony.ts'
import { startApplication, type TestApplication, testSecret } from '../application.ts'
import { nginxIsMissing, startNginx } from '../sessions/nginx.ts'

const http = createHttpClient(() => {})
afterAll(() => http.close())

const configWith = (environment: Record<string, string>) =>
  situationOf({ SESSION_SECRET: testSecret, ...environment }).config

const portOf = (url: string) => Number(new URL(url).port)

/** What the doctor says of an application with this TRUST_PROXY behind proxies that come from these addresses. */
async function said(trustProxy: string | undefined, proxies: string[], secret = testSecret): Promise<string> {
  const environment = trustProxy === undefined ? {} : { TRUST_PROXY: trustProxy }
  const application: TestApplication = await startApplication(environment)
  const chain = []
  let { url } = application
  for (const address of proxies.toReversed()) {
    const proxy = await startNginx([portOf(url)], address)
    chain.push(proxy)
    url = proxy.url
  }
  try {
    const config = configWith({ ...environment, SESSION_SECRET: secret })
    const { level, subject, finding } = await checkProxies(config, http, url)
    return `${level} ${subject} ${finding}`
  } finally {
    for (const proxy of chain.toReversed()) await proxy.close()
    await application.close()
  }
}

const first = '127.0.0.2'
const second = '127.0.0.3'

describe('checkProxies, with nothing in front,', () => {
  it.each([
    [
      undefined,
      'OK TRUST_PROXY finds the client, 127.0.0.1, behind no proxy, who may claim another address: it is this machine',
    ],
    [
      'none',
      'OK TRUST_PROXY finds the client, 127.0.0.1, behind no proxy, and believes no address that a client claims',
    ],
    [
      '1',
      'FAIL TRUST_PROXY counts more proxies than stand in front, 0: any client can claim any address, and has no rate limit',
    ],
  ])('with TRUST_PROXY=%s: %s', async (trustProxy, finding) => {
    expect(await said(trustProxy, [])).toBe(finding)
  })

  it('cannot look where the application has another secret', async () => {
    expect(await said(undefined, [], 'another-secret-of-this-test')).toBe(
      'WARN TRUST_PROXY was not compared with the proxies in front: the application there has another SESSION_SECRET',
    )
  })
})

describe.skipIf(nginxIsMissing)('checkProxies, with one real proxy in front,', () => {
  it.each([
    [
      '1',
      'OK TRUST_PROXY finds the client, 127.0.0.1, behind one proxy, and believes no address that a client claims',
    ],
    [
      first,
      'OK TRUST_PROXY finds the client, 127.0.0.1, behind one proxy, and believes no address that a client claims',
    ],
    [
      undefined,
      'OK TRUST_PROXY finds the client, 127.0.0.1, behind one proxy, who may claim another address: it is this machine',
    ],
    [
      'none',
      'FAIL TRUST_PROXY believes no proxy of 1: everybody has the address 127.0.0.2, and shares one rate limit',
    ],
    [
      '10.0.0.0/8',
      'FAIL TRUST_PROXY believes no proxy of 1: everybody has the address 127.0.0.2, and shares one rate limit',
    ],
    [
      '2',
      'FAIL TRUST_PROXY counts more proxies than stand in front, 1: any client can claim any address, and has no rate limit',
    ],
  ])('with TRUST_PROXY=%s: %s', async (trustProxy, finding) => {
    expect(await said(trustProxy, [first])).toBe(finding)
  })
})

describe.skipIf(nginxIsMissing)('checkProxies, with two real proxies in front,', () => {
  it.each([
    [
      '2',
      'OK TRUST_PROXY finds the client, 127.0.0.1, behind 2 proxies, and believes no address that a client claims',
    ],
    [
      `${first},${second}`,
      'OK TRUST_PROXY finds the client, 127.0.0.1, behind 2 proxies, and believes no address that a client claims',
    ],
    [
      '1',
      'FAIL TRUST_PROXY believes one proxy of 2: everybody has the address 127.0.0.2, and shares one rate limit',
    ],
    [
      second,
      'FAIL TRUST_PROXY believes one proxy of 2: everybody has the address 127.0.0.2, and shares one rate limit',
    ],
    [
      'none',
      'FAIL TRUST_PROXY believes no proxy of 2: everybody has the address 127.0.0.3, and shares one rate limit',
    ],
    [
      '3',
      'FAIL TRUST_PROXY counts more proxies than stand in front, 2: any client can claim any address, and has no rate limit',
    ],
  ])('with TRUST_PROXY=%s: %s', async (trustProxy, finding) => {
    expect(await said(trustProxy, [first, second])).toBe(finding)
  })
})

describe('checkProxies, asking from an intranet,', () => {
  // No such network is to be had on one machine: this is the application's answer to it, sealed as it seals it.
  const answering = (before: object, claimed: object) => ({
    ...http,
    fetch: async (_url: string | URL, { headers = {} }: { headers?: unknown } = {}) => {
      const asked = headers as Record<string, string>
      const seen = asked['x-forwarded-for'] === undefined ? before : claimed
      const sealed = new Sealer([testSecret]).seal(
        'doctor',
        asked[testimonyHeader] ?? '',
        JSON.stringify(seen),
      )
      return new Response('ok\n', { headers: { [testimonyHeader]: sealed } })
    },
  })

  it('names a TRUST_PROXY that takes the people there for proxies', async () => {
    const chain = ['10.1.2.3', '10.0.0.9']
    const intranet = answering(
      { chain, proxiesBelieved: 1 },
      { chain: ['192.0.2.1', ...chain], proxiesBelieved: 2 },
    )
    expect(await checkProxies(configWith({}), intranet, 'https://signin.example.com')).toMatchObject({
      level: 'WARN',
      finding: 'takes 10.1.2.3, from where this asks, for a proxy: whoever is there can claim any address',
      mend: expect.stringContaining('TRUST_PROXY=1'),
    })
  })
})

describe('GET /healthz', () => {
  let application: TestApplication
  beforeAll(async () => {
    application = await startApplication()
  })
  afterAll(() => application.close())

  const testimony = async (headers: Record<string, string>) =>
    (await fetch(`${application.url}/healthz`, { headers })).headers.get(testimonyHeader)

  it('says nothing of proxies to who does not ask, or asks with too much', async () => {
    expect(await testimony({})).toBeNull()
    expect(await testimony({ [testimonyHeader]: 'x'.repeat(65) })).toBeNull()
    expect(await testimony({ [testimonyHeader]: 'x', 'x-forwarded-for': '10.0.0.1,'.repeat(99) })).toBeNull()
  })

  it('tells only who has the secret, and only for the word that was asked with', async () => {
    const sealed = (await testimony({ [testimonyHeader]: 'word', 'x-forwarded-for': '203.0.113.7' })) ?? ''
    expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('203.0.113.7')
    expect(new Sealer(['another-secret-of-this-test']).open('doctor', 'word', sealed)).toBeUndefined()
    expect(new Sealer([testSecret]).open('doctor', 'other', sealed)).toBeUndefined()
    expect(JSON.parse(new Sealer([testSecret]).open('doctor', 'word', sealed) ?? '{}')).toEqual({
      chain: ['203.0.113.7', '127.0.0.1'],
      proxiesBelieved: 1,
    })
  })
})
