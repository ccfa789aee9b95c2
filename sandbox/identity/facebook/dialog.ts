import type { Router } from 'express'
import { consentRoute, RefusedOnPage, RefusedToApplication } from '../consent-route.ts'
import { parameter } from '../parameters.ts'
import { withQuery } from '../redirect-uris.ts'
import type { DialogRequest, FacebookParts } from './parts.ts'

const wishes: Record<string, string> = {
  public_profile: 'your name and profile picture',
  email: 'your e-mail address',
}

/** `/dialog/oauth`: asks the person, and sends the browser back with a code. */
export const dialog = (parts: FacebookParts): Router =>
  consentRoute<DialogRequest>({
    path: '/dialog/oauth',
    provider: 'Facebook',
    application: parts.application.appName,
    people: parts.people,
    subjectOf: (person) => person.subjects.facebook,
    readRequest: (query) => readRequest(parts, query),
    wishes: (request) => request.scopes.map((scope) => wishes[scope] ?? scope),
    granted(request, person) {
      const grant = { person, application: parts.application, scopes: request.scopes, revoked: false }
      return sendBack(request, { code: parts.codes.issue(grant, request) })
    },
    cancelled: (request) =>
      sendBack(request, {
        error: 'access_denied',
        error_code: '200',
        error_description: 'Permissions error',
        error_reason: 'user_denied',
      }),
  })

/** Faults of the dialog itself come back as `error_code` and `error_message`, without the `error` of OAuth. */
function readRequest({ application, redirectUris }: FacebookParts, query: unknown): DialogRequest {
  if (parameter(query, 'client_id') !== application.appId) {
    throw new RefusedOnPage('Invalid App ID', 'The provided app ID does not look like a valid app ID.')
  }
  const redirectUri = parameter(query, 'redirect_uri')
  if (!redirectUris.has(redirectUri)) {
    throw new RefusedOnPage(
      'URL blocked',
      `This redirect failed because the redirect URI is not white-listed in the app's client OAuth settings: ${redirectUri ?? '(none)'}`,
    )
  }
  const state = parameter(query, 'state')
  const refuse = (error_message: string) =>
    new RefusedToApplication(sendBack({ redirectUri, state }, { error_code: '100', error_message }))

  if ((parameter(query, 'response_type') ?? 'code') !== 'code')
    throw refuse('Invalid parameter: response_type')
  const asked = (parameter(query, 'scope') ?? '').split(',').filter(Boolean)
  const unknown = asked.filter((scope) => !Object.hasOwn(wishes, scope))
  if (unknown.length > 0) throw refuse(`Invalid Scopes: ${unknown.join(', ')}`)
  return { redirectUri, state, scopes: [...new Set(['public_profile', ...asked])] }
}

/** Facebook ends every address that it sends the browser back to with `#_=_`. */
const sendBack = (
  to: Pick<DialogRequest, 'redirectUri' | 'state'>,
  parameters: Record<string, string>,
): string => `${withQuery(to.redirectUri, { ...parameters, state: to.state })}#_=_`
