import { createHmac } from 'node:crypto'
import * as v from 'valibot'
import type { ProviderSettings } from '../../config.ts'
import { AppError } from '../../errors.ts'
import type { Check } from '../../flow/receipt.ts'
import type { HttpClient } from '../../http-client.ts'
import { staticConfiguration } from './configuration.ts'
import { faceOf } from './face.ts'
import { safePictureUrl } from './picture-url.ts'
import type { Provider } from './provider.ts'
import { statusError } from './provider-error.ts'
import { checkShape, getProviderJson } from './provider-json.ts'

/** Facebook writes ids as texts and as numbers. */
const id = v.union([v.string(), v.pipe(v.number(), v.transform(String))])
const inspection = v.object({
  data: v.object({
    app_id: v.optional(id),
    is_valid: v.boolean(),
    type: v.optional(v.string()),
    user_id: v.optional(id),
  }),
})
const profile = v.object({
  id: v.pipe(v.string(), v.nonEmpty()),
  name: v.nullish(v.string()),
  email: v.nullish(v.string()),
  picture: v.nullish(v.object({ data: v.object({ url: v.nullish(v.string()) }) })),
})
const revocation = v.object({ success: v.literal(true) })
const graphError = v.object({ error: v.object({ code: v.number() }) })

/** Graph API error codes of the code exchange, as RFC 6749 names them. @see "Handling Errors", Facebook Graph API */
const oauthErrors: Record<number, string> = {
  2: 'temporarily_unavailable',
  4: 'slow_down',
  17: 'slow_down',
  341: 'slow_down',
  100: 'invalid_grant',
  101: 'invalid_client',
  102: 'invalid_grant',
  190: 'invalid_grant',
}

function inOAuthTerms(text: string): string {
  try {
    const { error } = v.parse(graphError, JSON.parse(text))
    return JSON.stringify({
      error: oauthErrors[error.code] ?? 'server_error',
      error_description: `Graph API code ${error.code}`,
    })
  } catch {
    return text
  }
}

/** Facebook exchanges codes by GET, answers JSON labelled as script, and has error objects of its own. */
const exchangeAsFacebookDoes =
  (fetch: HttpClient['fetch']): HttpClient['fetch'] =>
  async (input, init) => {
    const url = new URL(input)
    const form = new URLSearchParams(init?.body as URLSearchParams)
    for (const name of ['client_id', 'client_secret', 'redirect_uri', 'code']) {
      url.searchParams.set(name, form.get(name) ?? '')
    }
    const answer = await fetch(url, { headers: { accept: 'application/json' } })
    return new Response(inOAuthTerms(await answer.text()), {
      status: answer.status,
      headers: { 'content-type': 'application/json' },
    })
  }

const checks: Check[] = [
  {
    what: 'app_id of debug_token is ours',
    why: 'Or a token that this person gave to some other app would sign that app in here, as this person.',
  },
  {
    what: 'is_valid is true and type is USER',
    why: 'A token that was withdrawn, or one of a page or an app, speaks for nobody.',
  },
  {
    what: 'user_id of the token and id of the profile are the same',
    why: 'Two answers are put together; they must speak of one person.',
  },
  {
    what: 'appsecret_proof goes with the call for the profile',
    why: 'It shows Facebook that the app itself is asking: a stolen token alone gets no answer where the app requires it.',
  },
]

/** Facebook Login. @see "Manually Build a Login Flow" and "Secure Graph API Calls with appsecret_proof", Facebook documentation */
export function facebook(settings: ProviderSettings, http: HttpClient): Provider {
  const { dialogUrl = '', graphUrl = '', clientSecret = '' } = settings
  const configuration = staticConfiguration(settings, exchangeAsFacebookDoes(http.fetchOnce), {
    issuer: 'https://www.facebook.com',
    authorization_endpoint: dialogUrl,
    token_endpoint: `${graphUrl}/oauth/access_token`,
    code_challenge_methods_supported: [],
  })
  const proofOf = (accessToken: string) =>
    createHmac('sha256', clientSecret).update(accessToken).digest('hex')
  return {
    id: settings.id,
    face: faceOf(settings),
    roleArn: settings.roleArn,
    grant: 'code',
    scope: settings.scope ?? 'public_profile,email',
    appendsFragment: true,
    openIdConnect: false,
    authorizationParameters: {},
    chooseAccountParameters: { auth_type: 'reauthenticate' },
    configuration: async () => configuration,
    knownConfiguration: () => configuration,
    signOutUrl: async () => 'https://www.facebook.com/',
    checks,

    async revoke({ accessToken }) {
      const url = new URL(`${graphUrl}/me/permissions`)
      url.searchParams.set('appsecret_proof', proofOf(accessToken))
      const answer = await http.fetch(url, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${accessToken}` },
      })
      if (answer.status !== 200)
        throw new AppError(statusError(answer.status), { details: { httpStatus: answer.status } })
      return checkShape(revocation, await answer.json()).success
    },

    async identify({ accessToken }) {
      const inspectionUrl = new URL(`${graphUrl}/debug_token`)
      inspectionUrl.searchParams.set('input_token', accessToken)
      inspectionUrl.searchParams.set('access_token', `${settings.clientId}|${clientSecret}`)
      const profileUrl = new URL(`${graphUrl}/me`)
      profileUrl.searchParams.set('fields', 'id,name,email,picture')
      profileUrl.searchParams.set('appsecret_proof', proofOf(accessToken))
      const [{ data: token }, person] = await Promise.all([
        getProviderJson(http, inspectionUrl, inspection),
        getProviderJson(http, profileUrl, profile, accessToken),
      ])
      if (token.app_id !== settings.clientId) {
        throw new AppError('provider.token_not_ours', { details: { audience: token.app_id } })
      }
      if (!token.is_valid || (token.type ?? 'USER') !== 'USER') throw new AppError('provider.token_invalid')
      if (token.user_id !== person.id) throw new AppError('provider.profile_mismatch')
      return {
        person: {
          providerId: settings.id,
          subject: person.id,
          name: person.name ?? undefined,
          email: person.email ?? undefined,
          pictureUrl: safePictureUrl(person.picture?.data.url, graphUrl),
        },
        webIdentityToken: accessToken,
        stsProviderId: 'graph.facebook.com',
        trust: {
          federated: 'graph.facebook.com',
          conditionKey: 'graph.facebook.com:app_id',
          conditionValue: token.app_id,
          subjectKey: 'graph.facebook.com:id',
          claims: { app_id: token.app_id },
        },
      }
    },
  }
}
