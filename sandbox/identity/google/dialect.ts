import { errors } from 'oidc-provider'
import type { OpenIdDialect } from '../openid-dialect.ts'

/** Path of the revocation endpoint, which is not the standard's: see `revoke.ts`. */
export const revocationPath = '/revoke'

/** Google as data. */
export const googleDialect: OpenIdDialect = {
  provider: 'Google',
  cookiePrefix: 'sandbox_google',
  routes: {
    authorization: '/o/oauth2/v2/auth',
    token: '/token',
    userinfo: '/v1/userinfo',
    jwks: '/oauth2/v3/certs',
  },
  extraParams: {
    access_type(_ctx, value) {
      if (value === undefined || value === 'online' || value === 'offline') return
      throw new errors.InvalidRequest(
        `Invalid parameter value for access_type: '${value}' is not a valid ACCESS_TYPE`,
      )
    },
    hd: null,
    include_granted_scopes: null,
  },
  discovery: (issuer) => ({ revocation_endpoint: `${issuer}${revocationPath}` }),
  claims: {
    openid: ['sub', 'azp', 'hd'],
    email: ['email', 'email_verified'],
    profile: ['name', 'given_name', 'family_name', 'picture'],
  },
  wishes: {
    openid: 'who you are on Google',
    email: 'your e-mail address',
    profile: 'your name and profile picture',
  },
  subjectOf: (person) => person.subjects.google,
  claimsOf: (person, picture) => ({
    hd: person.hostedDomain,
    email: person.email,
    email_verified: person.email === undefined ? undefined : true,
    name: person.name,
    given_name: person.givenName,
    family_name: person.familyName,
    picture,
  }),
  wantsRefreshToken: ({ access_type, prompt }, firstConsent) =>
    access_type === 'offline' && (firstConsent || String(prompt).split(' ').includes('consent')),
  pageErrorName: (error) => (error === 'invalid_redirect_uri' ? 'redirect_uri_mismatch' : error),
  tokenErrorBody({ error, error_description, error_detail }) {
    if (error === 'invalid_client') return { error, error_description: 'Unauthorized' }
    if (error !== 'invalid_grant') return { error, error_description }
    if (error_detail === 'authorization code redirect_uri mismatch') {
      return { error: 'redirect_uri_mismatch', error_description: 'Bad Request' }
    }
    if (error_detail?.startsWith('refresh token'))
      return { error, error_description: 'Token has been expired or revoked.' }
    return { error, error_description: 'Bad Request' }
  },
}
