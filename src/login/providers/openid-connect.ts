import * as errors from 'jose/errors'
import * as openid from 'openid-client'
import type { ProviderSettings } from '../../config.ts'
import { AppError } from '../../errors.ts'
import type { TrustEvidence } from '../../federation/trust-policy.ts'
import type { Check } from '../../flow/receipt.ts'
import type { HttpClient } from '../../http-client.ts'
import { withinDeadline } from '../../request-context.ts'
import { clockToleranceSeconds } from './configuration.ts'
import { faceOf } from './face.ts'
import { openIdDiscovery, signatureAlgorithms } from './openid-discovery.ts'
import { safePictureUrl } from './picture-url.ts'
import { isSubject, type Provider, type Tokens } from './provider.ts'

/** An ID token issued longer ago than this, in seconds, is not from the sign-in at hand. */
const oldestIssueSeconds = 24 * 60 * 60

/** For providers without RP-Initiated Logout. */
const signOutPages: Record<string, string> = { google: 'https://accounts.google.com/Logout' }

/**
 * What a provider wants to hear before it hands out refresh tokens: consent to `offline_access`, or Google's own
 * parameter.
 * @see OpenID Connect Core 1.0, section 11
 */
function refreshTokenParameters(id: string, scopes: string[]): Record<string, string> {
  if (id === 'google') return { access_type: 'offline' }
  return scopes.includes('offline_access') ? { prompt: 'consent' } : {}
}

const checks: Check[] = [
  {
    what: 'The signature of the ID token fits a key that the provider publishes, by an RSA or ECDSA algorithm',
    why: 'Anybody can write claims; only the provider can sign them. Without a list of algorithms, “none” or our own secret would do.',
  },
  {
    what: 'iss is the configured issuer, aud (and azp, where there is one) our client id',
    why: 'Or a token that was issued by somebody else, or to some other application, would be taken for ours.',
  },
  {
    what: 'exp is ahead, and iat less than a day ago, by clocks that may differ by five minutes',
    why: 'An old token proves that somebody signed in once, not that they did now.',
  },
  {
    what: 'nonce is the one that was sent with the authorization request',
    why: 'It ties the token to this very sign-in: one from another cannot be slipped in.',
  },
  {
    what: 'sub of the userinfo answer, where it is asked for, is the token’s',
    why: 'Two answers are put together; they must speak of one person.',
  },
]

/** What openid-client leaves open: an id of nobody, when the token was issued, and to whom where one audience is named. */
function refuseStrangeClaims({ sub, iat, azp }: openid.IDToken, clientId: string): void {
  const ageSeconds = Date.now() / 1000 - iat
  const claim =
    (!isSubject(sub) && 'sub') ||
    ((ageSeconds > oldestIssueSeconds || ageSeconds < -clockToleranceSeconds) && 'iat')
  if (claim) throw new AppError('provider.token_invalid', { details: { claim } })
  if (azp !== undefined && azp !== clientId) {
    throw new AppError('provider.token_not_ours', { details: { claim: 'azp', audience: String(azp) } })
  }
}

/** Whether a JWT calls itself an access token, a logout token or the like. @see RFC 8725, section 3.11 */
const isForOtherUse = (type = ''): boolean => /\+jwt$/i.test(type)

/** @see "Available keys for AWS web identity federation", AWS IAM user guide */
function trustEvidence({ iss, aud, azp }: openid.IDToken): TrustEvidence {
  const name = iss.replace(/^https?:\/\//, '')
  const audience = String(azp ?? [aud].flat()[0])
  return {
    federated: name === 'accounts.google.com' ? name : `oidc-provider/${name}`,
    conditionKey: `${name}:aud`,
    conditionValue: audience,
    subjectKey: `${name}:sub`,
    claims: { iss, aud: String(aud), ...(azp !== undefined && { azp: String(azp) }) },
  }
}

const textClaim = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/**
 * An address that the provider has confirmed. Role sessions are named by it: with one that people may choose, somebody
 * would be somebody else in CloudTrail. Some providers write the claim as a text. (OpenID Connect Core 1.0, section 5.1)
 */
const confirmedEmail = ({
  email,
  email_verified: isVerified,
}: Record<string, unknown>): string | undefined =>
  String(isVerified) === 'true' ? textClaim(email) : undefined

/**
 * Any OpenID Connect provider; Google is one.
 * @see OpenID Connect Core 1.0, section 3.1.3.7 (ID Token Validation)
 */
export function openIdConnect(settings: ProviderSettings, http: HttpClient): Provider {
  const { id, clientId, issuer, scope = 'openid email profile' } = settings
  const { discovered, known } = openIdDiscovery(settings, http)
  const scopes = scope.split(' ')
  const wantedClaims = [
    ...(scopes.includes('profile') ? ['name'] : []),
    ...(scopes.includes('email') ? ['email'] : []),
  ]

  const verifySignature = async (idToken: string): Promise<void> => {
    const [{ keys }, { jwtVerify }] = await Promise.all([discovered(), import('jose/jwt/verify')])
    const verify = () =>
      jwtVerify(idToken, keys, { algorithms: signatureAlgorithms, clockTolerance: clockToleranceSeconds })
    try {
      const verified = verify().catch(async (error) => {
        // A provider may change its key and keep its name.
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error
        await keys.reload()
        return verify()
      })
      const { protectedHeader } = await withinDeadline(verified)
      if (isForOtherUse(protectedHeader.typ)) {
        throw new AppError('provider.token_invalid', { details: { claim: 'typ' } })
      }
    } catch (cause) {
      // jose's word for a key that is too weak; a network failure has a cause.
      if (cause instanceof TypeError && cause.cause === undefined) {
        throw new AppError('provider.token_invalid', { cause })
      }
      throw cause
    }
  }

  /** The claims of the ID token, and those of the userinfo endpoint where some that the scope asked for are missing. */
  const profileOf = async ({ accessToken }: Tokens, claims: openid.IDToken) => {
    const { configuration, metadata } = await discovered()
    const complete = wantedClaims.every((name) => claims[name] !== undefined)
    if (complete || metadata.userinfo_endpoint === undefined) return claims
    return { ...(await openid.fetchUserInfo(configuration, accessToken, claims.sub)), ...claims }
  }

  return {
    id,
    face: faceOf(settings),
    roleArn: settings.roleArn,
    grant: 'code',
    scope,
    appendsFragment: false,
    openIdConnect: true,
    authorizationParameters: refreshTokenParameters(id, scopes),
    chooseAccountParameters: { prompt: 'select_account' },
    configuration: async () => (await discovered()).configuration,
    knownConfiguration: () => known()?.configuration,
    checks,

    // No id_token_hint: a token in a URL stays in histories and logs.
    async signOutUrl() {
      const { configuration, metadata } = await discovered()
      return metadata.end_session_endpoint === undefined
        ? signOutPages[id]
        : openid.buildEndSessionUrl(configuration).href
    },

    async revoke({ accessToken, refreshToken }) {
      const { configuration, metadata } = await discovered()
      if (metadata.revocation_endpoint === undefined) return false
      await openid.tokenRevocation(configuration, refreshToken ?? accessToken)
      return true
    },

    async identify(tokens) {
      const { idToken, claims } = tokens
      if (idToken === undefined || claims === undefined) throw new AppError('provider.token_invalid')
      await verifySignature(idToken)
      refuseStrangeClaims(claims, clientId)
      const profile = await profileOf(tokens, claims)
      return {
        person: {
          providerId: id,
          subject: claims.sub,
          name: textClaim(profile.name),
          email: confirmedEmail(profile),
          pictureUrl: safePictureUrl(profile.picture, issuer),
        },
        webIdentityToken: idToken,
        trust: trustEvidence(claims),
      }
    },
  }
}
