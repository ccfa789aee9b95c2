import {
  askIdentityProvider,
  type IdentityProvider,
  invalidIdentityToken,
  rejectedClaim,
} from './identity-provider.ts'

/**
 * Login with Amazon: STS takes an access token and asks `{apiUrl}/auth/o2/tokeninfo` about it. Trust policies are
 * compared with the application id (`app_id`), not with the client id (`aud`).
 *
 * @see "Access Tokens", Login with Amazon developer documentation
 */
export function amazonIdentityProvider({ apiUrl }: { apiUrl: string }): IdentityProvider {
  return {
    name: 'www.amazon.com',
    principal: 'www.amazon.com',
    async verify(token) {
      const info = await askIdentityProvider(
        `${apiUrl}/auth/o2/tokeninfo?access_token=${encodeURIComponent(token)}`,
      )
      if (!info) throw rejectedClaim()
      const { iss, app_id: appId, user_id: userId } = info
      if (iss !== 'https://www.amazon.com' || typeof appId !== 'string' || typeof userId !== 'string') {
        throw invalidIdentityToken('The access token provided is not valid for www.amazon.com')
      }
      return {
        subject: userId,
        audience: appId,
        contextKeys: { 'www.amazon.com:app_id': appId, 'www.amazon.com:user_id': userId },
      }
    },
  }
}
