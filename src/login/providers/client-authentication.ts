import * as openid from 'openid-client'
import type { ProviderSettings } from '../../config.ts'
import { AppError } from '../../errors.ts'
import type { HttpClient } from '../../http-client.ts'

/** What a client with a secret can do, best first. The last is for providers that know no secrets at all. */
const methods: Record<string, (secret: string) => openid.ClientAuth> = {
  client_secret_basic: openid.ClientSecretBasic,
  client_secret_post: openid.ClientSecretPost,
  client_secret_jwt: openid.ClientSecretJwt,
  none: openid.None,
}

/**
 * How we prove to the provider who we are, of the ways that its metadata offer. Without a secret we are a public
 * client, and PKCE is the proof.
 * @throws AppError `provider.misconfigured` where it offers none that a secret is enough for
 * @see OpenID Connect Core 1.0, section 9
 */
export function clientAuthentication(
  { clientSecret }: ProviderSettings,
  offered: readonly string[] = ['client_secret_basic'],
): openid.ClientAuth {
  if (clientSecret === undefined) return openid.None()
  const name = Object.keys(methods).find((one) => offered.includes(one))
  if (name !== undefined && methods[name]) return methods[name](clientSecret)
  throw new AppError('provider.misconfigured', {
    details: { problem: `its token endpoint takes no client secret, only ${offered.join(', ')}` },
  })
}

const isInvalidClient = async (answer: Response): Promise<boolean> =>
  (answer.status === 400 || answer.status === 401) &&
  (await answer.clone().text()).includes('"invalid_client"')

/**
 * A client may be registered for one way only, which metadata do not say. Where HTTP Basic is refused and the
 * provider takes the secret in the form as well, it is sent so, then and from there on.
 * @see RFC 6749 section 2.3.1; OpenID Connect Dynamic Client Registration 1.0 section 2, `token_endpoint_auth_method`
 */
export function secretWhereAccepted(
  { clientId, clientSecret }: ProviderSettings,
  offered: readonly string[] | undefined,
  fetch: HttpClient['fetch'],
): HttpClient['fetch'] {
  const both = ['client_secret_basic', 'client_secret_post'].every((method) => offered?.includes(method))
  if (clientSecret === undefined || !both) return fetch
  let inForm = false
  return async (url, init = {}) => {
    const { authorization, ...headers } = init.headers as Record<string, string>
    if (!authorization?.startsWith('Basic ')) return fetch(url, init)
    if (!inForm) {
      const answer = await fetch(url, init)
      if (!(await isInvalidClient(answer))) return answer
    }
    const body = new URLSearchParams(init.body as URLSearchParams)
    body.set('client_id', clientId)
    body.set('client_secret', clientSecret)
    const answer = await fetch(url, { ...init, headers, body })
    inForm ||= answer.ok
    return answer
  }
}
