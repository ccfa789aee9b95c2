import * as openid from 'openid-client'
import type { ProviderSettings } from '../../config.ts'
import type { HttpClient } from '../../http-client.ts'

/** What a provider's clock may differ from ours, in seconds. */
export const clockToleranceSeconds = 300

/**
 * openid-client's view of a provider, over our HTTP client. Plain HTTP is allowed where the operator wrote
 * `http:`, which the configuration accepts for loopback hosts only.
 */
export function staticConfiguration(
  settings: ProviderSettings,
  fetch: HttpClient['fetch'],
  metadata: openid.ServerMetadata,
  authentication?: openid.ClientAuth,
): openid.Configuration {
  const configuration = new openid.Configuration(
    metadata,
    settings.clientId,
    {
      ...(settings.clientSecret !== undefined && { client_secret: settings.clientSecret }),
      [openid.clockTolerance]: clockToleranceSeconds,
    },
    authentication,
  )
  configuration[openid.customFetch] = asCustomFetch(fetch)
  const { issuer, authorizeUrl, apiUrl, dialogUrl, graphUrl } = settings
  const configured = [issuer, authorizeUrl, apiUrl, dialogUrl, graphUrl]
  if (configured.some((url) => url?.startsWith('http:'))) openid.allowInsecureRequests(configuration)
  return configuration
}

/** Our client's `fetch` with the types that openid-client gives it. */
export const asCustomFetch =
  (fetch: HttpClient['fetch']): openid.CustomFetch =>
  (url, { body, ...options }) =>
    fetch(url, body == null ? options : { ...options, body: body as URLSearchParams })
