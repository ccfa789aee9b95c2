import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { answerWith } from '../../sandbox/faults.ts'
import { companySubject, startCompany } from '../../sandbox/identity/company.ts'
import type { SandboxOpenIdProvider } from '../../sandbox/identity/openid-provider.ts'
import { ada, startApplication, type TestApplication } from '../application.ts'
import { type OpenIdSetup, proofOfAccess, startAwsTrusting, type TrustingAws } from '../aws-trusting.ts'
import { HttpBrowser } from '../http-browser.ts'
import { codeOn } from './situation.ts'

const secret = 'a-client-secret-of-at-least-32-characters'

/** How an operator registered the application, each time with a provider of its own. */
const registrations = {
  basic: { clientSecret: secret, authenticationMethod: 'client_secret_basic' },
  post: { clientSecret: secret, authenticationMethod: 'client_secret_post' },
  jwt: { clientSecret: secret, authenticationMethod: 'client_secret_jwt' },
  public: { authenticationMethod: 'none' },
  offline: { clientSecret: secret },
} as const

type Name = keyof typeof registrations
const names = Object.keys(registrations) as Name[]

let providers: Record<Name, SandboxOpenIdProvider>
let aws: TrustingAws
let application: TestApplication

beforeAll(async () => {
  const started = names.map(async (name) => {
    const client = { clientId: `client-${name}`, ...registrations[name] }
    return [name, await startCompany({ client })] as const
  })
  providers = Object.fromEntries(await Promise.all(started)) as typeof providers
  const setups = names.map(
    (name): OpenIdSetup => ({
      name,
      issuer: providers[name].url,
      clientId: `client-${name}`,
      ...('clientSecret' in registrations[name] && { clientSecret: secret }),
      ...(name === 'offline' && { scope: 'openid email profile offline_access' }),
    }),
  )
  aws = await startAwsTrusting(setups)
  application = await startApplication({ ...aws.environment, ROLE_SESSION_SECONDS: '900' })
  for (const name of names) {
    providers[name].registerRedirectUri(`${application.url}/oauth2callback/${name}`)
  }
})

afterEach(() => void vi.useRealTimers())
afterAll(() => Promise.all([application, aws, ...Object.values(providers)].map((part) => part.close())))

/** Goes through the provider's page as Ada, and stops before the callback is opened. */
async function upToCallback(browser: HttpBrowser, name: Name): Promise<URL> {
  const { location = '' } = await browser.get(`${application.url}/initiateLogin/${name}`)
  return browser.continueAs(companySubject(ada), location)
}

/** The page on which a sign-in ends. */
async function signedInPage(browser: HttpBrowser, name: Name): Promise<string> {
  const { location = '' } = await browser.get(await upToCallback(browser, name))
  return (await browser.get(location)).body
}

const audits = (name: Name) =>
  application.log.flatMap(({ audit, provider }) => (provider === name && audit !== undefined ? audit : []))

describe('the certified oidc-provider', () => {
  it.each([
    ['HTTP Basic', 'basic'],
    ['the secret in the form', 'post'],
    ['an assertion', 'jwt'],
    ['PKCE alone', 'public'],
  ] as const)('takes %s, and has claims that only its userinfo endpoint tells', async (_proof, name) => {
    const page = await signedInPage(new HttpBrowser(), name)
    expect(page).toContain(proofOfAccess)
    expect(page).toContain(ada.name)
  })

  it('gives a refresh token for offline_access, by which access is renewed', async () => {
    const browser = new HttpBrowser()
    await signedInPage(browser, 'offline')
    vi.useFakeTimers({ now: Date.now() + 20 * 60 * 1000, toFake: ['Date'] })
    const page = await browser.get(`${application.url}/s3/`)
    expect([page.status, audits('offline')]).toEqual([
      200,
      ['sts_exchange', 'signed_in', 'sts_exchange', 'renewed'],
    ])
    expect(page.body).toContain(proofOfAccess)
  })

  it('is believed by its new key as soon as it signs with it', async () => {
    await providers.basic.rotateKeys()
    expect(await signedInPage(new HttpBrowser(), 'basic')).toContain(proofOfAccess)
  })

  it('names itself in the callback, and is refused under another name', async () => {
    const browser = new HttpBrowser()
    const callback = await upToCallback(browser, 'basic')
    expect(callback.searchParams.get('iss')).toBe(providers.basic.url)
    callback.searchParams.set('iss', providers.post.url)
    const { status, body } = await browser.get(callback)
    expect([status, codeOn(body)]).toEqual([403, 'login.provider_mismatch'])
  })

  it.each(['basic', 'post', 'jwt', 'public'] as const)(
    'has every leg in the receipt of a sign-in by %s, and no secret',
    async (name) => {
      const browser = new HttpBrowser()
      await signedInPage(browser, name)
      const { body } = await browser.get(`${application.url}/flow`)
      const states = [...body.matchAll(/class="flow-leg flow-leg--([\w-]+)"/g)].map(([, state]) => state)
      expect(states).toEqual(Array(6).fill('done'))
      expect(body).toContain('The signature of the ID token fits a key')
      expect(body).toContain(`oidc-provider/${new URL(providers[name].url).host}`)
      expect(body).not.toContain(secret)
      expect(body).not.toMatch(/eyJ[\w-]{10}/)
    },
  )

  it('offers its own sign-out after ours, by a link without a token', async () => {
    const browser = new HttpBrowser()
    const page = await signedInPage(browser, 'basic')
    const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? ''
    const out = await browser.post(`${application.url}/logout`, { csrf }, { origin: application.url })
    const { body } = await browser.get(out.location ?? '')
    expect(body).toContain(`href="${providers.basic.url}/session/end?client_id=client-basic"`)
  })
})

describe('a provider whose metadata cannot be read again after an hour', () => {
  it('takes its own button with it, no other, and comes back', async () => {
    await signedInPage(new HttpBrowser(), 'public')
    vi.useFakeTimers({ now: Date.now() + 2 * 60 * 60 * 1000, toFake: ['Date'] })
    providers.public.faults.plan('/.well-known/openid-configuration', answerWith(503), 2)
    const press = async (name: Name) => {
      const { status, body } = await new HttpBrowser().get(`${application.url}/initiateLogin/${name}`)
      return [status, codeOn(body)]
    }
    expect(await press('public')).toEqual([502, 'provider.unavailable'])
    expect(await press('post')).toEqual([302, undefined])
    expect(await press('public')).toEqual([302, undefined])
  })
})
