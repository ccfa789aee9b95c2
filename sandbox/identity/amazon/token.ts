import { randomBytes } from 'node:crypto'
import { type Request, Router, urlencoded } from 'express'
import type { Grant } from '../grant.ts'
import { parameter } from '../parameters.ts'
import { answersChallenge } from '../pkce.ts'
import { sameSecret } from '../same-secret.ts'
import { OAuthError } from './oauth-error.ts'
import type { AmazonApplication, AmazonParts } from './parts.ts'

/** Lifetime of an access token. */
export const accessTokenSeconds = 3600

/** `POST /auth/o2/token`: a code, or a refresh token, for an access token. The body must be a form. */
export function token(parts: AmazonParts): Router {
  const router = Router()
  router.post('/auth/o2/token', urlencoded({ extended: false }), (req, res) => {
    res.set({ 'cache-control': 'no-store', pragma: 'no-cache' })
    try {
      res.json(answer(parts, req))
    } catch (error) {
      OAuthError.send(res, error)
    }
  })
  return router
}

function answer(parts: AmazonParts, req: Request): object {
  if (!req.body) throw new OAuthError(400, 'invalid_request', 'Malformed request')
  const grantType = parameter(req.body, 'grant_type')
  switch (grantType) {
    case 'authorization_code':
      return exchangeCode(parts, req)
    case 'refresh_token':
      return refresh(parts, req)
    default:
      throw new OAuthError(
        400,
        'unsupported_grant_type',
        'The authorization grant type is not supported by the authorization server',
      )
  }
}

function exchangeCode(parts: AmazonParts, req: Request): object {
  const verifier = parameter(req.body, 'code_verifier')
  const knowsSecret = authenticateClient(parts, req)
  if (!knowsSecret && !verifier) throw clientAuthenticationFailed()

  const redemption = parts.codes.redeem(required(req, 'code'))
  if (redemption.outcome !== 'redeemed') throw invalidGrant('code')
  const { grant, request } = redemption
  if (required(req, 'redirect_uri') !== request.redirectUri) throw invalidGrant('redirect_uri')
  if (!answersChallenge(request.codeChallenge, verifier)) throw invalidGrant('code_verifier')

  return { ...bearer(parts, grant), ...(knowsSecret && { refresh_token: issueRefreshToken(parts, grant) }) }
}

function refresh(parts: AmazonParts, req: Request): object {
  if (!authenticateClient(parts, req)) throw clientAuthenticationFailed()
  const refreshToken = required(req, 'refresh_token')
  const grant = parts.refreshTokens.get(refreshToken)
  if (!grant || grant.revoked) {
    throw invalidGrant("refresh_token. User may have revoked or didn't grant the permission.")
  }
  return { ...bearer(parts, grant), refresh_token: refreshToken }
}

/**
 * Whether the client proved itself by its secret, in the form or by HTTP Basic. A client without a secret, which
 * leans on PKCE alone, is false.
 * @throws OAuthError for an unknown client, a wrong secret, or a secret given in both places
 * @see RFC 6749 section 2.3.1
 */
function authenticateClient({ client }: AmazonParts, req: Request): boolean {
  const posted = { id: parameter(req.body, 'client_id'), secret: parameter(req.body, 'client_secret') }
  const basic =
    req.headers.authorization === undefined ? undefined : basicCredentials(req.headers.authorization)
  if (basic && posted.secret) throw new OAuthError(400, 'invalid_request', 'Malformed request')

  const { id, secret } = basic ?? posted
  const ids = [id, posted.id ?? id]
  if (ids.some((one) => one !== client.clientId)) throw clientAuthenticationFailed()
  if (secret !== undefined && !sameSecret(secret, client.clientSecret)) throw clientAuthenticationFailed()
  return secret !== undefined
}

function basicCredentials(authorization: string): { id: string; secret: string } {
  const encoded = /^Basic +([A-Za-z0-9+/]+=*)$/i.exec(authorization)?.[1] ?? ''
  const [id, ...secret] = Buffer.from(encoded, 'base64').toString().split(':')
  if (!id || secret.length === 0) throw clientAuthenticationFailed()
  const decode = (text: string) => decodeURIComponent(text.replaceAll('+', ' '))
  try {
    return { id: decode(id), secret: decode(secret.join(':')) }
  } catch {
    throw clientAuthenticationFailed()
  }
}

function bearer(parts: AmazonParts, grant: Grant<AmazonApplication>): object {
  return {
    access_token: parts.issueAccessToken(grant),
    token_type: 'bearer',
    expires_in: accessTokenSeconds,
  }
}

function issueRefreshToken(parts: AmazonParts, grant: Grant<AmazonApplication>): string {
  const refreshToken = `Atzr|${randomBytes(270).toString('base64url')}`
  parts.refreshTokens.set(refreshToken, grant)
  return refreshToken
}

function required(req: Request, name: string): string {
  const value = parameter(req.body, name)
  if (value === undefined) {
    throw new OAuthError(400, 'invalid_request', `The request is missing a required parameter : ${name}`)
  }
  return value
}

const invalidGrant = (what: string) =>
  new OAuthError(400, 'invalid_grant', `The request has an invalid grant parameter : ${what}`)

const clientAuthenticationFailed = () => new OAuthError(401, 'invalid_client', 'Client authentication failed')
