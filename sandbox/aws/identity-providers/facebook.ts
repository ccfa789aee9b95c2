import {
  askIdentityProvider,
  type IdentityProvider,
  invalidIdentityToken,
  rejectedClaim,
} from './identity-provider.ts'

/**
 * Facebook Login: STS takes an access token and asks the Graph API whose application and whose account it is.
 * `graphUrl` may end in a version: `https://graph.facebook.com/v26.0`.
 */
export function facebookIdentityProvider({ graphUrl }: { graphUrl: string }): IdentityProvider {
  return {
    name: 'graph.facebook.com',
    principal: 'graph.facebook.com',
    async verify(token) {
      const accessToken = encodeURIComponent(token)
      const [app, person] = await Promise.all([
        askIdentityProvider(`${graphUrl}/app?access_token=${accessToken}`),
        askIdentityProvider(`${graphUrl}/me?fields=id&access_token=${accessToken}`),
      ])
      if (!app || !person) throw rejectedClaim()
      const { id: appId } = app
      const { id } = person
      if (typeof appId !== 'string' || typeof id !== 'string') {
        throw invalidIdentityToken('The access token provided is not valid for graph.facebook.com')
      }
      return {
        subject: id,
        audience: appId,
        contextKeys: { 'graph.facebook.com:app_id': appId, 'graph.facebook.com:id': id },
      }
    },
  }
}
