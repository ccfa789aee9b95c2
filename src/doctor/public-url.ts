import { type Config, isLoopback } from '../config.ts'
import type { HttpClient } from '../http-client.ts'
import { certificateProblem, failureCode } from './failure.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import { checkProxies } from './proxies.ts'

const subject = 'PUBLIC_URL'
const believe =
  'Set PUBLIC_URL; or have the proxy in front set X-Forwarded-Proto itself, and let TRUST_PROXY name that proxy.'

/** How the application sees the browser, as the beginning of a sign-in shows it. */
interface Seen {
  status: number
  /** Origin of the redirect URI that the provider is sent; `undefined` where there was no redirect. */
  origin: string | undefined
  hasSecureCookie: boolean
}

async function beginSignIn(
  http: HttpClient,
  url: string,
  headers: Record<string, string> = {},
): Promise<Seen> {
  const answer = await http.fetch(url, { headers })
  const authorization = URL.parse(answer.headers.get('location') ?? '', url)
  const redirectUri = URL.parse(authorization?.searchParams.get('redirect_uri') ?? '')
  return {
    status: answer.status,
    origin: redirectUri?.origin,
    hasSecureCookie: answer.headers.getSetCookie().some((one) => /^__Host-.*;\s*Secure/i.test(one)),
  }
}

function judge(publicUrl: string, seen: Seen): Finding | undefined {
  const { protocol, host } = new URL(publicUrl)
  if (seen.origin === undefined) {
    return fail(
      subject,
      `answers ${seen.status} to the beginning of a sign-in`,
      'Look for the reason in the log of the application, and check that it runs with the same PUBLIC_URL.',
    )
  }
  if (new URL(seen.origin).host !== host) {
    return fail(
      subject,
      `leads to an application that calls itself ${seen.origin}`,
      'Set PUBLIC_URL to the same there.',
    )
  }
  if (seen.origin !== publicUrl) {
    return fail(
      subject,
      `is ${protocol}, but the application sees ${new URL(seen.origin).protocol} and sends providers the wrong redirect URI`,
      believe,
    )
  }
  return seen.hasSecureCookie === (protocol === 'https:')
    ? undefined
    : fail(subject, 'does not agree with the cookies, which are for another scheme', believe)
}

/** Claims what a client has no business to claim, and looks whether it made a difference. */
async function isTakenIn(http: HttpClient, publicUrl: string, url: string, truth: Seen): Promise<boolean> {
  const claimed = await beginSignIn(http, url, {
    'x-forwarded-proto': publicUrl.startsWith('https:') ? 'http' : 'https',
    'x-forwarded-host': 'forged.invalid',
  })
  return claimed.origin !== truth.origin || claimed.hasSecureCookie !== truth.hasSecureCookie
}

async function measureScheme(url: string, provider: string | undefined, http: HttpClient): Promise<Finding> {
  if (provider === undefined) return ok(subject, 'is reached')
  const start = `${url}/initiateLogin/${provider}`
  const seen = await beginSignIn(http, start)
  const wrong = judge(url, seen)
  if (wrong) return wrong
  // With nothing in front, it is we who are the trusted proxy on this machine.
  if (url.startsWith('http:')) return ok(subject, 'is reached; redirect URIs and cookies agree with it')
  return (await isTakenIn(http, url, start, seen))
    ? fail(subject, 'leads through a proxy that lets any client claim another scheme or host', believe)
    : ok(subject, 'is reached; redirect URIs and cookies agree with it, whatever a client claims')
}

async function measure(config: Config, http: HttpClient, url: string): Promise<Finding[]> {
  const health = await http.fetch(`${url}/healthz`)
  if (health.status !== 200 || (await health.text()) !== 'ok\n') {
    return [
      fail(
        subject,
        `answers ${health.status} to /healthz, and not as this application does`,
        'Check what listens there, and whether the proxy in front has a healthy instance.',
      ),
    ]
  }
  return [await measureScheme(url, config.providers[0]?.id, http), await checkProxies(config, http, url)]
}

/** Asks the application from outside, under the address that people use: `url`, or else PUBLIC_URL. */
export async function checkPublicUrl(
  config: Config,
  http: HttpClient,
  url = config.publicUrl,
): Promise<Finding[]> {
  if (url === undefined) return []
  try {
    return await measure(config, http, url)
  } catch (error) {
    const code = failureCode(error)
    const certificate = certificateProblem(code)
    if (!certificate) {
      return [warn(subject, `does not answer: ${code}`, 'Start the application, then run this again.')]
    }
    const finding = `${certificate}: browsers warn of it`
    const mend = 'Get one from AWS Certificate Manager: README.md, step 4.'
    return [isLoopback(new URL(url).hostname) ? warn(subject, finding, mend) : fail(subject, finding, mend)]
  }
}
