import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import { AwsError } from '../aws-error.ts'
import { askIdentityProvider, type IdentityProvider, invalidIdentityToken } from './identity-provider.ts'

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512']

export interface OpenIdConnectOptions {
  /** Where it is reached, which is also the `iss` of its tokens. */
  issuer: string
  /** `accounts.google.com`, or `arn:aws:iam::123456789012:oidc-provider/host/path`. */
  principal: string
  /** What stands before `:aud` and `:sub` in condition keys; default: the end of `principal`. */
  keyPrefix?: string
  /** Client ids registered with the IAM OIDC provider. `undefined`, as for Google: only trust policies decide. */
  clientIds?: string[]
}

/**
 * An OpenID Connect provider: STS takes an ID token and verifies it with the keys that the provider publishes. They
 * are fetched anew each time, so that a rotated key counts at once. Where a token has an `azp` claim, that is its
 * audience and `oaud` its `aud`.
 *
 * @see "Available keys for AWS web identity federation", AWS Identity and Access Management user guide
 */
export function openIdConnectIdentityProvider(options: OpenIdConnectOptions): IdentityProvider {
  const { issuer, principal, clientIds } = options
  const keyPrefix = options.keyPrefix ?? principal.replace(/^arn:.*:oidc-provider\//, '')
  return {
    name: issuer,
    principal,
    async verify(token, now) {
      const { sub, aud, azp } = await verifiedClaims(token, issuer, now)
      const audiences = [aud ?? []].flat()
      const accepted = typeof azp === 'string' ? [azp] : audiences
      const audience = clientIds ? accepted.find((one) => clientIds.includes(one)) : accepted[0]
      if (!sub || !audience || !audiences[0]) throw invalidIdentityToken('Incorrect token audience')
      return {
        subject: sub,
        audience,
        contextKeys: {
          [`${keyPrefix}:aud`]: audience,
          [`${keyPrefix}:oaud`]: audiences[0],
          [`${keyPrefix}:sub`]: sub,
        },
      }
    },
  }
}

async function verifiedClaims(token: string, issuer: string, now: number): Promise<JWTPayload> {
  const keys = await publishedKeys(issuer)
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
      issuer,
      algorithms: ALGORITHMS,
      requiredClaims: ['sub', 'aud', 'iat', 'exp'],
      currentDate: new Date(now),
    })
    return payload
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      const { exp = 0 } = error.payload
      throw new AwsError(
        400,
        'ExpiredTokenException',
        `Token expired: current date/time ${Math.floor(now / 1000)} must be before the expiration date/time ${exp}`,
      )
    }
    if (error instanceof errors.JOSEError) {
      throw invalidIdentityToken(`The ID Token provided could not be verified: ${error.message}`)
    }
    throw error
  }
}

async function publishedKeys(issuer: string): Promise<JSONWebKeySet> {
  const metadata = await askIdentityProvider(`${issuer}/.well-known/openid-configuration`)
  const { issuer: named, jwks_uri: jwksUri } = metadata ?? {}
  const keySet = named === issuer ? await askIdentityProvider(String(jwksUri)) : undefined
  const { keys } = keySet ?? {}
  if (!Array.isArray(keys)) {
    throw invalidIdentityToken("Couldn't retrieve verification key from your identity provider")
  }
  return { keys }
}
