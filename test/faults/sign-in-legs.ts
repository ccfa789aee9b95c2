import { demoPeople, type Person } from '../../sandbox/identity/people.ts'
import { ada, type TestApplication } from '../application.ts'
import type { Answer, HttpBrowser } from '../http-browser.ts'

type Provider = 'amazon' | 'google' | 'facebook'

/** Has no e-mail address, so that her ID token leaves it open and the userinfo endpoint is asked. */
const misaki = demoPeople[1] as Person

/** What a sign-in asks of each provider, in order, and of whom where not everybody's sign-in asks. */
export const providerLegs: { provider: Provider; name: string; path: string; person?: Person }[] = [
  { provider: 'amazon', name: 'token endpoint', path: '/auth/o2/token' },
  { provider: 'amazon', name: 'tokeninfo', path: '/auth/o2/tokeninfo' },
  { provider: 'amazon', name: 'profile', path: '/user/profile' },
  { provider: 'google', name: 'discovery', path: '/.well-known/openid-configuration' },
  { provider: 'google', name: 'token endpoint', path: '/token' },
  { provider: 'google', name: 'key set', path: '/oauth2/v3/certs' },
  { provider: 'google', name: 'userinfo', path: '/v1/userinfo', person: misaki },
  { provider: 'facebook', name: 'token endpoint', path: '/v26.0/oauth/access_token' },
  { provider: 'facebook', name: 'debug_token', path: '/v26.0/debug_token' },
  { provider: 'facebook', name: 'profile', path: '/v26.0/me' },
]

/** A person's way until it ends, well or not: a provider may fail before or after its own page. */
export async function tryToSignIn(
  browser: HttpBrowser,
  application: TestApplication,
  provider: Provider,
  person = ada,
): Promise<Answer> {
  const start = await browser.get(`${application.url}/initiateLogin/${provider}`)
  if (start.location === undefined) return start
  return browser.get(await browser.continueAs(person.subjects[provider], start.location))
}
