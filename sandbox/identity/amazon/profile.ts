import { Router } from 'express'
import { bearerToken } from '../parameters.ts'
import { OAuthError } from './oauth-error.ts'
import type { AmazonParts } from './parts.ts'

/**
 * `GET /user/profile`: what the token's scopes allow. Takes the token in a header only; the query parameter that
 * Amazon takes as well would put it into logs.
 * @see "Obtain Customer Profile Information", Login with Amazon developer documentation
 */
export function profile(parts: AmazonParts): Router {
  const router = Router()
  router.get('/user/profile', (req, res) => {
    const token = parts.validToken(bearerToken(req.headers.authorization) ?? req.get('x-amz-access-token'))
    if (!token) {
      const description = 'The request has an invalid parameter : access_token'
      return OAuthError.send(res, new OAuthError(400, 'invalid_token', description))
    }
    const { person, scopes } = token.grant
    res.json({
      user_id: person.subjects.amazon,
      ...(scopes.includes('profile') && { name: person.name, email: person.email }),
      ...(scopes.includes('postal_code') && { postal_code: person.postalCode }),
    })
  })
  return router
}
