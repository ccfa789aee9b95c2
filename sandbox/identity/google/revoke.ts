import { Router, urlencoded } from 'express'
import type { Provider } from 'oidc-provider'
import { parameter } from '../parameters.ts'
import { revocationPath } from './dialect.ts'

/**
 * `POST /revoke`: ends the grant that an access or refresh token stands on. Unlike RFC 7009, Google asks for no client
 * authentication, and says so when it does not know the token.
 */
export function revoke(provider: () => Provider): Router {
  const router = Router()
  router.post(revocationPath, urlencoded({ extended: false }), async (req, res) => {
    const value = parameter(req.body, 'token') ?? parameter(req.query, 'token') ?? ''
    const { AccessToken, AuthorizationCode, Grant, RefreshToken } = provider()
    const token = (await AccessToken.find(value)) ?? (await RefreshToken.find(value))
    const grantId = token?.grantId
    if (!grantId) {
      return void res
        .status(400)
        .json({ error: 'invalid_token', error_description: 'Token expired or revoked' })
    }
    for (const model of [AccessToken, AuthorizationCode, RefreshToken]) await model.revokeByGrantId(grantId)
    await (await Grant.find(grantId))?.destroy()
    res.json({})
  })
  return router
}
