import type { Config, ProviderSettings } from '../config.ts'
import { AppError } from '../errors.ts'
import type { HttpClient } from '../http-client.ts'
import { authorizationUrl, beginAuthorization } from '../login/authorization-code.ts'
import { createProvider } from '../login/providers/index.ts'
import type { Provider } from '../login/providers/provider.ts'
import { certificateProblem, failureCode, rootOf } from './failure.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

const cannotBeReached = (id: string, what: string, error: unknown): Finding => {
  const code = failureCode(error)
  const certificate = certificateProblem(code)
  return certificate
    ? fail(id, `${certificate}, for ${what}`, 'Check the address, and for a proxy that opens TLS.')
    : fail(
        id,
        `cannot be reached for ${what}: ${code}`,
        'Let this machine out to it by HTTPS, and check the address.',
      )
}

function metadataProblem({ id }: ProviderSettings, error: unknown): Finding {
  const { code, details, cause } = error instanceof AppError ? error : new AppError('internal.unexpected')
  if (code === 'provider.unreachable') return cannotBeReached(id, 'its metadata', rootOf(cause))
  const problem = details.problem ? `: ${details.problem}` : ` (${code})`
  return fail(
    id,
    `has metadata that cannot be used${problem}`,
    `Check ${id.toUpperCase()}_ISSUER: docs/providers.md.`,
  )
}

/** The page that asks the person: a provider that does not know client id or redirect URI says so at once. */
async function checkAuthorization(
  provider: Provider,
  http: HttpClient,
  publicUrl: string | undefined,
): Promise<Finding[]> {
  const { id } = provider
  const redirectUri = `${publicUrl ?? 'http://localhost'}/oauth2callback/${id}`
  const wish = { redirectUri, returnPath: '/', chooseAccount: false }
  const url = await authorizationUrl(provider, await beginAuthorization(provider, wish))
  const { status } = await http.fetch(url)
  // Where PUBLIC_URL is not set, the redirect URI is anybody's guess.
  return status === 400 && publicUrl !== undefined
    ? [
        warn(
          id,
          `answers 400 to a sign-in with the redirect URI ${redirectUri}`,
          `Register this redirect URI, letter by letter, and check ${id.toUpperCase()}_APP_ID.`,
        ),
      ]
    : []
}

async function checkProvider(
  settings: ProviderSettings,
  http: HttpClient,
  publicUrl: string | undefined,
): Promise<Finding[]> {
  const { id } = settings
  const provider = createProvider(settings, http)
  let tokenEndpoint: string
  try {
    const configuration = await provider.configuration()
    tokenEndpoint = configuration.serverMetadata().token_endpoint ?? ''
  } catch (error) {
    return [metadataProblem(settings, error)]
  }
  const [asked, exchanged] = await Promise.all([
    checkAuthorization(provider, http, publicUrl).catch((error) => [
      cannotBeReached(id, 'its sign-in page', error),
    ]),
    // It wants a POST with a code; that it answers at all is what matters.
    http.fetch(tokenEndpoint).then(
      (): Finding[] => [],
      (error) => [cannotBeReached(id, 'its token endpoint', error)],
    ),
  ])
  const findings = [...asked, ...exchanged]
  return findings.length > 0 ? findings : [ok(id, 'is reached: metadata, sign-in page, token endpoint')]
}

/** Whether every provider that is on can be reached and used from here. */
export async function checkProvidersOnline(
  { providers, publicUrl }: Config,
  http: HttpClient,
): Promise<Finding[]> {
  return (await Promise.all(providers.map((one) => checkProvider(one, http, publicUrl)))).flat()
}
