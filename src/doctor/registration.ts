import { type Environment, type ProviderSettings, valueIn } from '../config.ts'
import { type TrustEvidence, trustPolicyFor } from '../federation/trust-policy.ts'
import { isShowable } from './client-credentials.ts'
import type { Situation } from './situation.ts'

/** What an operator copies to a provider's console, and into the trust policy of its role. */
export interface Registration {
  provider: string
  redirectUri: string
  /** Only where the browser itself gets the token. */
  javascriptOrigin: string | undefined
  privacyUrl: string
  roleArn: string
  /** JSON text. */
  trustPolicy: string
}

/** What STS must find in a token of this provider. Where we do not know it, the condition says what to put there. */
export function trustOf({ id, kind, clientId, issuer = '' }: ProviderSettings): TrustEvidence {
  const shown = isShowable(id, clientId) ? clientId : `<${id.toUpperCase()}_APP_ID>`
  if (kind === 'amazon') {
    return {
      federated: 'www.amazon.com',
      conditionKey: 'www.amazon.com:app_id',
      conditionValue: '<App ID of the security profile: amzn1.application.…>',
      subjectKey: 'www.amazon.com:user_id',
      claims: {},
    }
  }
  if (kind === 'facebook') {
    return {
      federated: 'graph.facebook.com',
      conditionKey: 'graph.facebook.com:app_id',
      conditionValue: shown,
      subjectKey: 'graph.facebook.com:id',
      claims: {},
    }
  }
  const name = issuer.replace(/^https?:\/\//, '')
  return {
    federated: name === 'accounts.google.com' ? name : `oidc-provider/${name}`,
    conditionKey: `${name}:aud`,
    conditionValue: shown,
    subjectKey: `${name}:sub`,
    claims: {},
  }
}

/** What there is of a provider that is off: enough to register it, which comes before its role. */
function draftOf(env: Environment, id: string): ProviderSettings {
  const prefix = id.toUpperCase()
  const known = { amazon: 'amazon', facebook: 'facebook' } as const
  const issuer = id === 'google' ? 'https://accounts.google.com' : `<${prefix}_ISSUER>`
  return {
    id,
    kind: known[id as keyof typeof known] ?? 'openid-connect',
    clientId: valueIn(env, `${prefix}_APP_ID`) ?? `<${prefix}_APP_ID>`,
    issuer: valueIn(env, `${prefix}_ISSUER`) ?? issuer,
    roleArn: `arn:aws:iam::<account>:role/<${prefix}_ROLE_ARN>`,
  }
}

/** One for each provider: those that are on, in the order of the configuration, then those that are off. */
export function registrations({ config, env, refused }: Situation): Registration[] {
  const { providers, providersOff, publicUrl, port } = config
  const isRefused = refused.some(({ variable }) => variable === 'PUBLIC_URL')
  const origin = publicUrl ?? (isRefused ? '<PUBLIC_URL>' : `http://localhost:${port}`)
  return [...providers, ...providersOff.map(({ id }) => draftOf(env, id))].map((settings) => ({
    provider: settings.id,
    redirectUri: `${origin}/oauth2callback/${settings.id}`,
    javascriptOrigin: settings.grant === 'implicit' ? origin : undefined,
    privacyUrl: `${origin}/privacy`,
    roleArn: settings.roleArn,
    trustPolicy: trustPolicyFor(settings.roleArn, trustOf(settings)),
  }))
}
