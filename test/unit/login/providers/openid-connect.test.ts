import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type MisbehavingOpenIdProvider,
  newSigningKey,
  type SigningKey,
  signedBy,
  startMisbehavingOpenIdProvider,
} from '../../../../sandbox/identity/misbehaving-openid-provider.ts'
import { createHttpClient } from '../../../../src/http-client.ts'
import { createProvider } from '../../../../src/login/providers/index.ts'
import type { Tokens } from '../../../../src/login/providers/provider.ts'
import { runInRequestContext } from '../../../../src/request-context.ts'
import { gate } from '../../../sessions/parties.ts'

const client = { clientId: 'client', clientSecret: 'a-client-secret-of-enough-characters' }
const http = createHttpClient(() => {})
let key: SigningKey
let server: MisbehavingOpenIdProvider

beforeAll(async () => {
  key = await newSigningKey('RS256', 'main')
  server = await startMisbehavingOpenIdProvider(client, key)
})
afterAll(() => Promise.all([server.close(), http.close()]))

/** Tokens of somebody who has signed in at `iss`, with all claims that are wanted. */
async function tokensFrom(iss: string): Promise<Tokens> {
  const iat = Math.floor(Date.now() / 1000)
  const profile = { name: 'Ada Example', email: 'ada@example.com' }
  const claims = { iss, sub: 'ada', aud: client.clientId, iat, exp: iat + 600, ...profile }
  return { accessToken: 'token', idToken: await signedBy(key)(claims), claims }
}

describe('the keys of an OpenID provider, when they come late', () => {
  it('reach whoever waits for them, though the one who asked first has given up', async () => {
    const issuer = server.issuer('late-keys', {})
    const roleArn = 'arn:aws:iam::123456789012:role/web'
    const provider = createProvider({ id: 'late', kind: 'openid-connect', issuer, roleArn, ...client }, http)
    const tokens = await tokensFrom(issuer)
    const held = gate()
    server.faults.plan('/late-keys/keys', held.fault)
    const deadline = new AbortController()
    const hasty = runInRequestContext({ requestId: 'hasty', deadline: deadline.signal }, () =>
      provider.identify(tokens),
    )
    await held.reached
    const patient = runInRequestContext({ requestId: 'patient' }, () => provider.identify(tokens))
    deadline.abort(new DOMException('too late', 'TimeoutError'))
    await expect(hasty).rejects.toMatchObject({ code: 'provider.timeout' })
    held.open()
    expect((await patient).person.subject).toBe('ada')
    expect(server.requests.filter(({ url }) => url === '/late-keys/keys')).toHaveLength(1)
  })
})
