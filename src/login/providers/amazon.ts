import { z } from 'zod'
import type { ProviderSettings } from '../../config.ts'
import { AppError } from '../../errors.ts'
import type { TrustEvidence } from '../../federation/trust-policy.ts'
import type { Check } from '../../flow/receipt.ts'
import type { HttpClient } from '../../http-client.ts'
import { staticConfiguration } from './configuration.ts'
import { faceOf } from './face.ts'
import type { Provider } from './provider.ts'
import { getProviderJson } from './provider-json.ts'

const tokenInfo = z.object({
  aud: z.string(),
  iss: z.string(),
  user_id: z.string().min(1),
  /** Not the client id: what trust policies name. */
  app_id: z.string().optional(),
})
const profile = z.object({
  user_id: z.string().min(1),
  name: z.string().nullish(),
  email: z.string().nullish(),
})

/** Two ids of one application, of which the trust policy takes the one that no other part of the sign-in shows. */
function trustEvidence({ iss, aud, app_id: appId }: z.infer<typeof tokenInfo>): TrustEvidence {
  return {
    federated: 'www.amazon.com',
    conditionKey: 'www.amazon.com:app_id',
    conditionValue: appId ?? '<App ID of the security profile: amzn1.application.…>',
    subjectKey: 'www.amazon.com:user_id',
    claims: { iss, aud, ...(appId && { app_id: appId }) },
    pitfall: `a condition with the client id (${aud}) refuses everybody: it takes the app id (${appId ?? 'amzn1.application.…'})`,
  }
}
const checks: Check[] = [
  {
    what: 'aud of the token information is our client id, and iss is Amazon',
    why: 'Or a token that this person gave to some other site would sign that site in here, as this person.',
  },
  {
    what: 'user_id is the same in the token information and in the profile',
    why: 'Two answers are put together; they must speak of one person.',
  },
]

/** Login with Amazon. @see "Authorization Code Grant", "Access Tokens" and "Customer Profile", Login with Amazon documentation */
export function amazon(settings: ProviderSettings, http: HttpClient): Provider {
  const { authorizeUrl = '', apiUrl = '' } = settings
  const configuration = staticConfiguration(settings, http.fetch, {
    issuer: 'https://www.amazon.com',
    authorization_endpoint: authorizeUrl,
    token_endpoint: `${apiUrl}/auth/o2/token`,
    code_challenge_methods_supported: ['S256'],
  })
  return {
    id: settings.id,
    face: faceOf(settings),
    roleArn: settings.roleArn,
    grant: settings.grant ?? 'code',
    scope: settings.scope ?? 'profile',
    appendsFragment: false,
    openIdConnect: false,
    authorizationParameters: {},
    chooseAccountParameters: {},
    configuration: async () => configuration,
    knownConfiguration: () => configuration,
    signOutUrl: async () => 'https://www.amazon.com/gp/flex/sign-out.html',
    revoke: async () => false,
    checks,

    async identify({ accessToken }) {
      const tokenInfoUrl = new URL(`${apiUrl}/auth/o2/tokeninfo`)
      tokenInfoUrl.searchParams.set('access_token', accessToken)
      const [token, person] = await Promise.all([
        getProviderJson(http, tokenInfoUrl, tokenInfo),
        getProviderJson(http, `${apiUrl}/user/profile`, profile, accessToken),
      ])
      if (token.aud !== settings.clientId || token.iss !== 'https://www.amazon.com') {
        throw new AppError('provider.token_not_ours', { details: { audience: token.aud, issuer: token.iss } })
      }
      if (token.user_id !== person.user_id) throw new AppError('provider.profile_mismatch')
      return {
        person: {
          providerId: settings.id,
          subject: token.user_id,
          name: person.name ?? undefined,
          email: person.email ?? undefined,
        },
        webIdentityToken: accessToken,
        stsProviderId: 'www.amazon.com',
        trust: trustEvidence(token),
      }
    },
  }
}
