import type { Request } from 'express'
import { jwtVerify } from 'jose'
import { parameter } from './parameters.ts'
import { sameSecret } from './same-secret.ts'

/** What a client is registered with. */
export interface Client {
  clientId: string
  clientSecret: string
}

/** Half of HTTP Basic credentials, which are form-encoded before they are joined (RFC 6749 section 2.3.1). */
const decodeHalf = (text = ''): string => decodeURIComponent(text.replaceAll('+', ' '))

function basicCredentials({ headers }: Request): string[] | undefined {
  const [, encoded] = /^Basic +(\S+)$/.exec(headers.authorization ?? '') ?? []
  return encoded === undefined
    ? undefined
    : Buffer.from(encoded, 'base64').toString().split(':').map(decodeHalf)
}

/** What a token request brings as its client's proof, by the method's name. */
const proofs: Record<string, (req: Request, client: Client, issuer: string) => boolean | Promise<boolean>> = {
  client_secret_basic(req, { clientId, clientSecret }) {
    const [id, secret] = basicCredentials(req) ?? []
    return id === clientId && sameSecret(secret ?? '', clientSecret)
  },
  client_secret_post: ({ body }, { clientId, clientSecret }) =>
    parameter(body, 'client_id') === clientId &&
    sameSecret(parameter(body, 'client_secret') ?? '', clientSecret),
  async client_secret_jwt({ body }, { clientId, clientSecret }, issuer) {
    const assertion = parameter(body, 'client_assertion') ?? ''
    const checks = { issuer: clientId, subject: clientId, audience: issuer, requiredClaims: ['jti', 'exp'] }
    return jwtVerify(assertion, new TextEncoder().encode(clientSecret), checks).then(
      () => true,
      () => false,
    )
  },
  none: ({ body }, { clientId }) => parameter(body, 'client_id') === clientId,
}

/** Ways of which a request may use one only (RFC 6749 section 2.3). */
const waysUsed = ({ headers, body }: Request): number =>
  [headers.authorization, parameter(body, 'client_secret'), parameter(body, 'client_assertion')].filter(
    Boolean,
  ).length

/** Whether a token request comes from `client` and proves it by `method`, and by nothing else. */
export async function isOurClient(
  req: Request,
  client: Client,
  method: string,
  issuer: string,
): Promise<boolean> {
  if (waysUsed(req) !== (method === 'none' ? 0 : 1)) return false
  return (await proofs[method]?.(req, client, issuer)) ?? false
}
