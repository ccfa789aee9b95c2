import type { Router } from 'express'
import { consentRoute, RefusedOnPage, RefusedToApplication } from '../consent-route.ts'
import type { Grant } from '../grant.ts'
import { parameter } from '../parameters.ts'
import type { CodeChallenge } from '../pkce.ts'
import { withFragment, withQuery } from '../redirect-uris.ts'
import type { AmazonApplication, AmazonParts, AuthorizationRequest } from './parts.ts'
import { accessTokenSeconds } from './token.ts'

const wishes: Record<string, string> = {
  profile: 'your name and e-mail address',
  'profile:user_id': 'your user id',
  postal_code: 'your postal code',
}

/** `/ap/oa`: asks the person, and sends the browser back with a code, or with a token for the implicit grant. */
export const authorize = (parts: AmazonParts): Router =>
  consentRoute<AuthorizationRequest>({
    path: '/ap/oa',
    provider: 'Amazon',
    application: parts.client.name ?? parts.client.clientId,
    people: parts.people,
    subjectOf: (person) => person.subjects.amazon,
    readRequest: (query) => readRequest(parts, query),
    wishes: (request) => request.scopes.map((scope) => wishes[scope] ?? scope),
    granted(request, person) {
      const { clientId, appId } = parts.client
      const grant: Grant<AmazonApplication> = {
        person,
        application: { clientId, appId },
        scopes: request.scopes,
        revoked: false,
      }
      const scope = request.scopes.join(' ')
      if (request.responseType === 'code') {
        return sendBack(request, { code: parts.codes.issue(grant, request), scope })
      }
      return sendBack(request, {
        access_token: parts.issueAccessToken(grant),
        token_type: 'bearer',
        expires_in: String(accessTokenSeconds),
        scope,
      })
    },
    cancelled: (request) =>
      sendBack(request, { error: 'access_denied', error_description: 'Access not permitted.' }),
  })

/** Amazon keeps the errors of a bad client, redirect URI or scope to itself; the rest the application gets to see. */
function readRequest(parts: AmazonParts, query: unknown): AuthorizationRequest {
  if (parameter(query, 'client_id') !== parts.client.clientId) {
    throw new RefusedOnPage('errorMsg=lwa-invalid-parameter-bad-client-id', 'An unknown client was named.')
  }
  const redirectUri = parameter(query, 'redirect_uri')
  if (!parts.redirectUris.has(redirectUri)) {
    throw new RefusedOnPage(
      'errorMsg=lwa-invalid-parameter-bad-redirect-uri-vendor',
      `This is not one of the Allowed Return URLs: ${redirectUri ?? '(none)'}`,
    )
  }
  const responseType = parameter(query, 'response_type')
  if (responseType === 'token' && !parts.implicitGrant) {
    throw new RefusedOnPage(
      'errorMsg=lwa-invalid-parameter-unauthorized-implicit-grant-request',
      'Implicit Grant (response_type=token) is no longer supported.',
    )
  }
  const scopes = (parameter(query, 'scope') ?? '').split(' ')
  if (!scopes.every((scope) => Object.hasOwn(wishes, scope))) {
    throw new RefusedOnPage('errorMsg=lwa-invalid-parameter-bad-scope', 'An unknown scope was requested.')
  }

  const state = parameter(query, 'state')
  if (responseType !== 'code' && responseType !== 'token') {
    const to = { redirectUri, responseType: 'code', state } as const
    throw new RefusedToApplication(sendBack(to, { error: 'unsupported_response_type' }))
  }
  const to = { redirectUri, responseType, state } as const
  const codeChallenge = readCodeChallenge(query)
  if (codeChallenge === 'malformed') {
    const error_description = 'The request has an invalid parameter : code_challenge'
    throw new RefusedToApplication(sendBack(to, { error: 'invalid_request', error_description }))
  }
  return { ...to, scopes, codeChallenge }
}

/** Amazon takes a challenge without a method for a plain one. */
function readCodeChallenge(query: unknown): CodeChallenge | undefined | 'malformed' {
  const challenge = parameter(query, 'code_challenge')
  const method = parameter(query, 'code_challenge_method')
  if (!challenge) return method ? 'malformed' : undefined
  if (!/^[\w.~-]{43,128}$/.test(challenge)) return 'malformed'
  if (method === 'S256') return { challenge, method }
  return method === undefined || method === 'plain' ? { challenge, method: 'plain' } : 'malformed'
}

/** The answer's address: in the query for a code, in the fragment for a token. */
function sendBack(
  to: Pick<AuthorizationRequest, 'redirectUri' | 'responseType' | 'state'>,
  parameters: Record<string, string>,
): string {
  const address = to.responseType === 'code' ? withQuery : withFragment
  return address(to.redirectUri, { ...parameters, state: to.state })
}
