import type { STSClient } from '@aws-sdk/client-sts'
import type { Request, RequestHandler, Response } from 'express'
import { AppError, type ErrorCode } from '../errors.ts'
import {
  assumeRoleWithWebIdentity,
  type RoleSessionSettings,
} from '../federation/assume-role-with-web-identity.ts'
import type { Audit } from '../observe/audit.ts'
import { limitRequestTo } from '../request-context.ts'
import type { Attempt, Attempts } from '../session/attempts.ts'
import { signedIn, signIn } from '../session/signed-in.ts'
import { redeemCode } from './authorization-code.ts'
import type { ProviderDirectory } from './providers/index.ts'
import type { Provider, Tokens } from './providers/provider.ts'
import { homePath } from './return-path.ts'

/** All that a sign-in may take once the person is back, in milliseconds. */
const signInDeadlineMs = 25_000

/** @see RFC 6749 section 4.1.2.1 */
const byRedirectError: Record<string, ErrorCode> = {
  access_denied: 'login.cancelled',
  user_denied: 'login.cancelled',
  server_error: 'provider.busy',
  temporarily_unavailable: 'provider.busy',
  invalid_request: 'provider.misconfigured',
  invalid_scope: 'provider.misconfigured',
  unauthorized_client: 'provider.misconfigured',
  unsupported_response_type: 'provider.misconfigured',
}

function refuseErrorRedirect(parameters: URLSearchParams, provider: Provider): void {
  // Facebook reports some faults without `error`.
  const error = parameters.get('error') ?? parameters.get('error_reason') ?? parameters.get('error_code')
  if (error === null) return
  throw new AppError(byRedirectError[error] ?? 'provider.refused', {
    details: { provider: provider.id, error, description: parameters.get('error_description') ?? undefined },
  })
}

/** The token of an implicit grant, or the tokens that the authorization code is good for. */
async function receiveTokens(
  provider: Provider,
  attempt: Attempt,
  parameters: URLSearchParams,
): Promise<Tokens> {
  if (provider.grant === 'code') {
    if (parameters.has('access_token')) throw new AppError('login.grant_not_enabled')
    return redeemCode(provider, attempt, parameters)
  }
  const [accessToken, ...others] = parameters.getAll('access_token')
  if (!accessToken || others.length > 0) throw new AppError('request.malformed')
  return { accessToken }
}

/** The one value of `state`. @throws AppError `login.state_missing` */
function stateOf(parameters: URLSearchParams): string {
  const [state, ...others] = parameters.getAll('state')
  if (!state || others.length > 0) throw new AppError('login.state_missing')
  return state
}

interface CallbackParts {
  providers: ProviderDirectory
  attempts: Attempts
  sts: STSClient
  roleSession: RoleSessionSettings
  audit: Audit
}

/**
 * The way back from the provider: the journey of a sign-in, step by step. Each step takes the previous one's
 * result and ends in one AppError if it fails; until the last one nobody is signed in.
 */
async function finishSignIn(
  { providers, attempts, sts, roleSession, audit }: CallbackParts,
  parameters: URLSearchParams,
  req: Request<{ provider: string }>,
  res: Response,
): Promise<void> {
  const provider = providers.find(req.params.provider)
  limitRequestTo(signInDeadlineMs)
  const attempt = attempts.take(req, res, stateOf(parameters), provider.id)
  refuseErrorRedirect(parameters, provider)
  const tokens = await receiveTokens(provider, attempt, parameters)
  const identity = await provider.identify(tokens)
  const access = await assumeRoleWithWebIdentity(sts, roleSession, provider.roleArn, identity)
  await signIn(req, identity.person, access)
  audit.signedIn(identity.person, access)
  res.redirect(303, attempt.returnPath + (provider.appendsFragment ? '#' : ''))
}

/** A callback that comes late, or twice, to somebody who is signed in is no failure of theirs. */
const isLate = (error: unknown): boolean =>
  error instanceof AppError &&
  ['login.no_attempt', 'login.state_mismatch', 'login.attempt_expired'].includes(error.code)

/** A token in the fragment never reaches the server: only a page of ours can fetch it from the address bar. */
const awaitsFragment = (provider: Provider, parameters: URLSearchParams): boolean =>
  provider.grant === 'implicit' && parameters.size === 0

/** `GET /oauth2callback/:provider` */
export const loginCallback =
  (parts: CallbackParts): RequestHandler<{ provider: string }> =>
  async (req, res) => {
    const parameters = new URL(req.originalUrl, req.publicOrigin).searchParams
    if (awaitsFragment(parts.providers.find(req.params.provider), parameters)) {
      res.render('implicit-callback', { title: 'Signing in', postUrl: req.path })
      return
    }
    await finishSignIn(parts, parameters, req, res).catch((error: unknown) => {
      if (!isLate(error) || !signedIn(req)) throw error
      res.redirect(303, homePath)
    })
  }

/** `POST /oauth2callback/:provider`: the fragment of an implicit grant, sent by our page. */
export const fragmentCallback =
  (parts: CallbackParts): RequestHandler<{ provider: string }> =>
  async (req, res) => {
    if (parts.providers.find(req.params.provider).grant !== 'implicit')
      throw new AppError('login.grant_not_enabled')
    await finishSignIn(parts, new URLSearchParams(req.body as string), req, res)
  }
