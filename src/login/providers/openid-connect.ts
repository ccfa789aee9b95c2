import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose'
import * as openid from 'openid-client'
import type { ProviderSettings } from '../../config.ts'
import { AppError } from '../../errors.ts'
import type { HttpClient } from '../../http-client.ts'

import { asCustomFetch, staticConfiguration } from './configuration.ts'
import { faceOf } from './face.ts'
import { safePictureUrl } from './picture-url.ts'
import type { Provider, Tokens } from './provider.ts'

/** What AWS STS accepts. @see AssumeRoleWithWebIdentity, AWS STS API reference */
const signatureAlgorithms = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512']

/** How long a discovery document is used before it is read again, in milliseconds. */
const discoveryLifetimeMs = 60 * 60 * 1000

/** An ID token issued longer ago, or further ahead, than this is not from the sign-in at hand. In seconds. */
const oldestIssueSeconds = 24 * 60 * 60
const furthestIssueSeconds = 300

/** What a provider wants to hear before it hands out refresh tokens, where the scope does not say it. */
const dialects: Record<string, Record<string, string>> = { google: { access_type: 'offline' } }

/** For providers without RP-Initiated Logout. */
const signOutPages: Record<string, string> = { google: 'https://accounts.google.com/Logout' }

interface Discovered {
  configuration: openid.Configuration
  keys: ReturnType<typeof createRemoteJWKSet>
}

function clientAuthentication(
  { clientSecret }: ProviderSettings,
  offered = ['client_secret_basic'],
): openid.ClientAuth {
  if (clientSecret === undefined) return openid.None()
  if (offered.includes('client_secret_post')) return openid.ClientSecretPost(clientSecret)
  if (offered.includes('client_secret_basic')) return openid.ClientSecretBasic(clientSecret)
  if (offered.includes('client_secret_jwt')) return openid.ClientSecretJwt(clientSecret)
  throw new AppError('provider.client_rejected', {
    details: { authenticationMethodsOffered: offered.join(' ') },
  })
}

/** Reads the provider's metadata. @see OpenID Connect Discovery 1.0, section 4 */
async function discover(settings: ProviderSettings, http: HttpClient): Promise<Discovered> {
  const issuer = new URL(settings.issuer ?? '')
  const insecure = issuer.protocol === 'http:'
  const found = await openid.discovery(issuer, settings.clientId, undefined, openid.None(), {
    [openid.customFetch]: asCustomFetch(http.fetch),
    execute: insecure ? [openid.allowInsecureRequests] : [],
  })
  const metadata: openid.ServerMetadata = found.serverMetadata()
  const algorithms = (metadata.id_token_signing_alg_values_supported ?? ['RS256']).filter((name) =>
    signatureAlgorithms.includes(name),
  )
  if (algorithms.length === 0) {
    throw new AppError('provider.misconfigured', {
      details: { problem: 'offers no signature algorithm that AWS STS accepts' },
    })
  }
  const keysUrl = URL.parse(metadata.jwks_uri ?? '')
  if (!keysUrl || (keysUrl.protocol !== 'https:' && !insecure)) {
    throw new AppError('provider.answer_invalid', {
      details: { problem: 'jwks_uri is missing or not https' },
    })
  }
  return {
    configuration: staticConfiguration(
      settings,
      http.fetch,
      { ...metadata, id_token_signing_alg_values_supported: algorithms },
      clientAuthentication(settings, metadata.token_endpoint_auth_methods_supported),
    ),
    // A key that is not there yet is looked for at once: providers rotate without notice.
    keys: createRemoteJWKSet(keysUrl, {
      [customFetch]: (url, { headers, method, signal }) =>
        http.fetch(url, { headers: [...headers], method, signal }),
      cooldownDuration: 0,
    }),
  }
}

/** What openid-client leaves open: when the token was issued, and to whom where one audience is named. */
function refuseStrangeClaims({ iat, azp }: openid.IDToken, clientId: string): void {
  const ageSeconds = Date.now() / 1000 - iat
  if (ageSeconds > oldestIssueSeconds || ageSeconds < -furthestIssueSeconds) {
    throw new AppError('provider.token_invalid', { details: { claim: 'iat' } })
  }
  if (azp !== undefined && azp !== clientId) {
    throw new AppError('provider.token_not_ours', { details: { claim: 'azp', audience: String(azp) } })
  }
}

const textClaim = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/**
 * Any OpenID Connect provider; Google is one. Discovery happens at the first sign-in, and again after an hour or
 * a failure.
 * @see OpenID Connect Core 1.0, section 3.1.3.7 (ID Token Validation)
 */
export function openIdConnect(settings: ProviderSettings, http: HttpClient): Provider {
  let discovered: { at: number; result: Promise<Discovered> } | undefined

  const current = (): Promise<Discovered> => {
    if (discovered && Date.now() - discovered.at < discoveryLifetimeMs) return discovered.result
    const attempt = { at: Date.now(), result: discover(settings, http) }
    discovered = attempt
    attempt.result.catch(() => {
      if (discovered === attempt) discovered = undefined
    })
    return attempt.result
  }

  const profileOf = async (tokens: Tokens, claims: openid.IDToken): Promise<openid.UserInfoResponse> => {
    const { configuration } = await current()
    const complete = claims.name !== undefined || claims.email !== undefined
    if (complete || configuration.serverMetadata().userinfo_endpoint === undefined) return claims
    return openid.fetchUserInfo(configuration, tokens.accessToken, claims.sub)
  }

  return {
    id: settings.id,
    face: faceOf(settings),
    roleArn: settings.roleArn,
    grant: 'code',
    scope: settings.scope ?? 'openid email profile',
    appendsFragment: false,
    openIdConnect: true,
    authorizationParameters: dialects[settings.id] ?? {},
    chooseAccountParameters: { prompt: 'select_account' },
    configuration: async () => (await current()).configuration,

    async signOutUrl() {
      const { configuration } = await current()
      const { end_session_endpoint: endpoint } = configuration.serverMetadata()
      return endpoint === undefined
        ? signOutPages[settings.id]
        : openid.buildEndSessionUrl(configuration).href
    },

    async revoke({ accessToken, refreshToken }) {
      const { configuration } = await current()
      if (configuration.serverMetadata().revocation_endpoint === undefined) return false
      await openid.tokenRevocation(configuration, refreshToken ?? accessToken)
      return true
    },

    async identify(tokens) {
      const { idToken, claims } = tokens
      if (idToken === undefined || claims === undefined) throw new AppError('provider.token_invalid')
      await jwtVerify(idToken, (await current()).keys, {
        algorithms: signatureAlgorithms,
        clockTolerance: furthestIssueSeconds,
      })
      refuseStrangeClaims(claims, settings.clientId)
      const profile = await profileOf(tokens, claims)
      return {
        person: {
          providerId: settings.id,
          subject: claims.sub,
          name: textClaim(profile.name),
          email: textClaim(profile.email),
          pictureUrl: safePictureUrl(profile.picture, settings.issuer),
        },
        webIdentityToken: idToken,
      }
    },
  }
}
