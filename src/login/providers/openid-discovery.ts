import type { createRemoteJWKSet } from 'jose/jwks/remote'
import * as openid from 'openid-client'
import * as v from 'valibot'
import type { ProviderSettings } from '../../config.ts'
import { AppError } from '../../errors.ts'
import type { HttpClient } from '../../http-client.ts'
import { runForAll, withinDeadline } from '../../request-context.ts'
import { clientAuthentication, secretWhereAccepted } from './client-authentication.ts'
import { asCustomFetch, staticConfiguration } from './configuration.ts'

/** What AWS STS accepts, and so all that we do. @see AssumeRoleWithWebIdentity, AWS STS API reference */
export const signatureAlgorithms = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512']

/** How long a discovery document is used before it is read again, in milliseconds. */
const lifetimeMs = 60 * 60 * 1000

/** An OpenID provider as its own metadata describe it. */
interface Discovered {
  configuration: openid.Configuration
  metadata: openid.ServerMetadata
  /** Finds the key of a token; a key that is not there yet is looked for at once, for whoever waits for it. */
  keys: ReturnType<typeof createRemoteJWKSet>
}

/**
 * The members that are used here, as far as anybody checks them: openid-client takes whatever is there until it needs
 * it. Plain HTTP, of hosts that are this machine, only where the operator wrote the issuer so.
 */
function usableMetadata(insecure: boolean) {
  const endpoint = v.pipe(
    v.string(),
    v.check((text) => {
      const url = URL.parse(text)
      const isWeb = url?.protocol === 'https:' || (insecure && url?.protocol === 'http:')
      return isWeb && !url.username && !url.password
    }),
  )
  const names = v.array(v.string())
  return v.object({
    authorization_endpoint: endpoint,
    token_endpoint: endpoint,
    jwks_uri: endpoint,
    userinfo_endpoint: v.optional(endpoint),
    revocation_endpoint: v.optional(endpoint),
    end_session_endpoint: v.optional(endpoint),
    id_token_signing_alg_values_supported: v.optional(names),
    token_endpoint_auth_methods_supported: v.optional(names),
    code_challenge_methods_supported: v.optional(names),
  })
}

const misconfigured = (problem: string): AppError =>
  new AppError('provider.misconfigured', { details: { problem } })

/**
 * Reads the provider's metadata.
 * @throws AppError `provider.misconfigured` where they cannot be used, openid-client's errors where they cannot be read
 * @see OpenID Connect Discovery 1.0, section 4
 */
async function discover(settings: ProviderSettings, http: HttpClient): Promise<Discovered> {
  const issuer = new URL(settings.issuer ?? '')
  const insecure = issuer.protocol === 'http:'
  const found = await openid.discovery(issuer, settings.clientId, undefined, openid.None(), {
    [openid.customFetch]: asCustomFetch(http.fetch),
    execute: insecure ? [openid.allowInsecureRequests] : [],
  })
  const metadata: openid.ServerMetadata = found.serverMetadata()
  // openid-client looks away for the issuers of many tenants, whose tokens STS would take from any of them.
  if (URL.parse(metadata.issuer)?.href !== issuer.href)
    throw misconfigured('its metadata name another issuer')
  const unusable = v.safeParse(usableMetadata(insecure), metadata).issues?.[0].path?.[0].key
  if (unusable !== undefined) {
    const is = metadata[String(unusable)] === undefined ? 'have no' : 'have an unusable'
    throw misconfigured(`its metadata ${is} ${unusable}`)
  }
  const offered = metadata.id_token_signing_alg_values_supported ?? ['RS256']
  const algorithms = offered.filter((name) => signatureAlgorithms.includes(name))
  if (algorithms.length === 0) {
    throw misconfigured(`it offers no signature algorithm that AWS STS accepts, only ${offered.join(', ')}`)
  }
  const methods = metadata.token_endpoint_auth_methods_supported
  const jwks = await import('jose/jwks/remote')
  return {
    metadata,
    configuration: staticConfiguration(
      settings,
      secretWhereAccepted(settings, methods, http.fetch),
      { ...metadata, id_token_signing_alg_values_supported: algorithms },
      clientAuthentication(settings, methods),
    ),
    keys: jwks.createRemoteJWKSet(new URL(metadata.jwks_uri ?? ''), {
      [jwks.customFetch]: (url, { headers, method, signal }) =>
        runForAll(() => http.fetch(url, { headers: [...headers], method, signal })),
      cooldownDuration: 0,
    }),
  }
}

interface Discovery {
  /**
   * Discovers the provider when it is first asked, and again after an hour or a failure: once for all who ask
   * meanwhile, each of whom waits no longer than their own request may.
   */
  discovered(): Promise<Discovered>
  /** What was found last, without asking anybody; `undefined` where nothing was yet. */
  known(): Discovered | undefined
}

/** Asks nothing before it is asked. */
export function openIdDiscovery(settings: ProviderSettings, http: HttpClient): Discovery {
  let latest: { at: number; result: Promise<Discovered> } | undefined
  let found: Discovered | undefined
  const begin = () => {
    const attempt = { at: Date.now(), result: runForAll(() => discover(settings, http)) }
    attempt.result.then(
      (result) => {
        found = result
      },
      () => {
        if (latest === attempt) latest = undefined
      },
    )
    return attempt
  }
  return {
    known: () => found,
    discovered() {
      if (!latest || Date.now() - latest.at >= lifetimeMs) latest = begin()
      return withinDeadline(latest.result)
    },
  }
}
