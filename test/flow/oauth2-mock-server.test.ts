import { Events, OAuth2Server } from 'oauth2-mock-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApplication, type TestApplication } from '../application.ts'
import { proofOfAccess, startAwsTrusting, type TrustingAws } from '../aws-trusting.ts'
import { type Answer, HttpBrowser } from '../http-browser.ts'
import { codeOn } from './situation.ts'

const provider = new OAuth2Server()
let aws: TrustingAws
let application: TestApplication

beforeAll(async () => {
  await provider.issuer.keys.generate('ES384')
  await provider.start(0, '127.0.0.1')
  const issuer = provider.issuer.url ?? ''
  // Its metadata offer RS256, whatever the key.
  provider.service.on(Events.BeforeWellKnownOpenIdConfiguration, ({ body }) => {
    Object.assign(body, { id_token_signing_alg_values_supported: ['ES384'] })
  })
  aws = await startAwsTrusting([
    { name: 'mock', issuer, clientId: 'public-client' },
    { name: 'mock_with_secret', issuer, clientId: 'private-client', clientSecret: 'a-client-secret' },
  ])
  application = await startApplication(aws.environment)
})

afterAll(() => Promise.all([application.close(), aws.close(), provider.stop()]))

/** Presses the button; the provider sends everybody back at once, as `johndoe`. */
async function signInAt(id: string, browser: HttpBrowser): Promise<Answer> {
  const { location = '' } = await browser.get(`${application.url}/initiateLogin/${id}`)
  const { location: callback = '' } = await browser.get(location)
  return browser.get(callback)
}

describe('oauth2-mock-server', () => {
  it.each(['mock', 'mock_with_secret'])('lets somebody without a name or an address in as %s', async (id) => {
    const browser = new HttpBrowser()
    const { location = '' } = await signInAt(id, browser)
    expect((await browser.get(location)).body).toContain(proofOfAccess)
    expect(aws.sts.exchanges.at(-1)?.parameters.RoleSessionName).toBe('johndoe')
  })

  it('is refused where it signs for another client', async () => {
    provider.service.once(Events.BeforeTokenSigning, () => {
      // The access token is signed first, the ID token second.
      provider.service.once(Events.BeforeTokenSigning, ({ payload }) => {
        payload.aud = 'another-client'
      })
    })
    const { status, body } = await signInAt('mock', new HttpBrowser())
    expect([status, codeOn(body)]).toEqual([403, 'provider.token_invalid'])
  })
})
