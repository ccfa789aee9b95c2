import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SandboxAmazon, startAmazon } from '../../sandbox/identity/amazon.ts'
import { type SandboxFacebook, startFacebook } from '../../sandbox/identity/facebook.ts'
import { startGoogle } from '../../sandbox/identity/google.ts'
import type { SandboxOpenIdProvider } from '../../sandbox/identity/openid-provider.ts'
import type { Person } from '../../sandbox/identity/people.ts'
import { HttpBrowser } from '../http-browser.ts'

const redirectUri = 'http://localhost:9/back'
const hostile = '"><script>alert(1)</script>&\''
const mallory: Person = {
  name: hostile,
  email: hostile,
  subjects: { amazon: hostile, google: hostile, facebook: hostile },
}

let amazon: SandboxAmazon
let google: SandboxOpenIdProvider
let facebook: SandboxFacebook
beforeAll(async () => {
  const people = [mallory]
  amazon = await startAmazon({
    client: { clientId: 'c', appId: 'a', clientSecret: 's', name: hostile },
    people,
  })
  google = await startGoogle({ client: { clientId: 'c', clientSecret: 's', name: hostile }, people })
  facebook = await startFacebook({ client: { appId: 'c', appSecret: 's', appName: hostile }, people })
  for (const provider of [amazon, google, facebook]) provider.registerRedirectUri(redirectUri)
})
afterAll(() => Promise.all([amazon, google, facebook].map((provider) => provider.close())))

const query = (scope: string) =>
  `?${new URLSearchParams({ client_id: 'c', redirect_uri: redirectUri, response_type: 'code', scope })}`
const signInPages = [
  ['Amazon', () => `${amazon.url}/ap/oa${query('profile')}`],
  ['Google', () => `${google.url}/o/oauth2/v2/auth${query('openid email')}`],
  ['Facebook', () => `${facebook.url}/v26.0/dialog/oauth${query('email')}`],
] as const

describe.each(signInPages)('sandbox %s: sign-in page', (provider, url) => {
  test('says that it is a sandbox and offers the people and Cancel', async () => {
    const page = await new HttpBrowser().open(url())
    expect(page.status).toBe(200)
    expect(page.body).toContain(`<title>Sandbox ${provider}</title>`)
    expect(page.body).toContain('Continue as ')
    expect(page.body).toContain('>Cancel</button>')
  })

  test('escapes names, addresses and ids, and still knows the person who was chosen', async () => {
    const page = await new HttpBrowser().open(url())
    expect(page.body).not.toContain('<script')
    expect(page.body).toContain('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;&#39;')
    const back = await new HttpBrowser().continueAs(hostile, url())
    expect(back.searchParams.get('code')).not.toBe(null)
  })

  test('allows no script and nothing from elsewhere, and leaves the redirect after the form free', async () => {
    const { headers, body } = await new HttpBrowser().open(url())
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-/)
    expect(policy).not.toContain('form-action')
    expect(body).not.toMatch(/(src|href|url)\s*[=(]/)
  })
})

describe('sandbox redirect URIs', () => {
  test.each([
    'http://app.example.com/back',
    'https://app.example.com/back#fragment',
    '/back',
    'javascript:alert(1)',
  ])('cannot be registered: %s', (uri) => {
    for (const provider of [amazon, google, facebook]) {
      expect(() => provider.registerRedirectUri(uri)).toThrow(TypeError)
    }
  })
})
