import { Router } from 'express'
import { parameter } from '../parameters.ts'
import { sameSecret } from '../same-secret.ts'
import { GraphError, tokenFaults } from './graph-error.ts'
import type { FacebookParts } from './parts.ts'

/**
 * `GET /debug_token`: to whom and for what a token was issued. Only the application itself may ask, with its app
 * access token `{app-id}|{app-secret}`, and only about its own tokens.
 */
export function debugToken(parts: FacebookParts): Router {
  const { application, appSecret, accessTokens } = parts
  const router = Router()
  router.get('/debug_token', (req, res) => {
    const appToken = parameter(req.query, 'access_token') ?? ''
    if (!sameSecret(appToken, `${application.appId}|${appSecret}`)) {
      throw new GraphError({ code: 190, message: 'Invalid OAuth access token signature.' })
    }
    const input = parameter(req.query, 'input_token')
    if (!input) throw new GraphError({ code: 100, message: '(#100) The parameter input_token is required' })
    const token = accessTokens.find(input)
    if (!token) {
      return void res.json({ data: { error: tokenFaults.unknown, is_valid: false, scopes: [] } })
    }
    const { grant, issuedAt, expiresAt, state } = token
    if (grant.application.appId !== application.appId) {
      const message = '(#100) The App_id in the input_token did not match the Viewing App'
      throw new GraphError({ code: 100, message })
    }
    const expiry = Math.floor(expiresAt / 1000)
    res.json({
      data: {
        app_id: grant.application.appId,
        type: 'USER',
        application: grant.application.appName,
        data_access_expires_at: expiry,
        error: state === 'valid' ? undefined : tokenFaults[state],
        expires_at: expiry,
        is_valid: state === 'valid',
        issued_at: Math.floor(issuedAt / 1000),
        scopes: grant.scopes,
        user_id: grant.person.subjects.facebook,
      },
    })
  })
  return router
}
