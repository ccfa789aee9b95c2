import { Router } from 'express'
import { parameter } from '../parameters.ts'
import { OAuthError } from './oauth-error.ts'
import type { AmazonParts } from './parts.ts'

/** `GET /auth/o2/tokeninfo`: for whom a token was issued. `exp` is the number of seconds left, not a date. */
export function tokenInfo(parts: AmazonParts): Router {
  const router = Router()
  router.get('/auth/o2/tokeninfo', (req, res) => {
    const token = parts.validToken(parameter(req.query, 'access_token'))
    if (!token) {
      const description = 'The request has an invalid parameter : access_token'
      return OAuthError.send(res, new OAuthError(400, 'invalid_token', description))
    }
    res.json({
      iss: 'https://www.amazon.com',
      user_id: token.grant.person.subjects.amazon,
      aud: token.grant.application.clientId,
      app_id: token.grant.application.appId,
      exp: Math.floor((token.expiresAt - parts.clock()) / 1000),
      iat: Math.floor(token.issuedAt / 1000),
    })
  })
  return router
}
