import type { Request, RequestHandler, Response } from 'express'
import { AppError, type ErrorCode } from '../errors.ts'
import type { ObtainAccess } from '../federation/obtain-access.ts'
import type { Receipts } from '../flow/receipts.ts'
import { currentRecording, inLeg } from '../flow/recording.ts'
import type { Audit } from '../observe/audit.ts'
import { limitRequestTo } from '../request-context.ts'
import type { Attempt, Attempts } from '../session/attempts.ts'
import type { SealedStore } from '../session/sealed-store.ts'
import type { Sealer } from '../session/sealing.ts'
import { type SessionTimes, signedIn, signIn } from '../session/signed-in.ts'
import { authorizationUrl, knownAuthorizationUrl, redeemCode } from './authorization-code.ts'
import type { ProviderDirectory } from './providers/index.ts'
import { isToken, type Provider, type Tokens } from './providers/provider.ts'
import { homePath } from './return-path.ts'

/** All that a sign-in may take once the person is back, in milliseconds. */
const signInDeadlineMs = 25_000

/** @see RFC 6749 section 4.1.2.1 */
const byRedirectError = new Map<string, ErrorCode>([
  ['access_denied', 'login.cancelled'],
  ['user_denied', 'login.cancelled'],
  ['server_error', 'provider.busy'],
  ['temporarily_unavailable', 'provider.busy'],
  ['invalid_request', 'provider.misconfigured'],
  ['invalid_scope', 'provider.misconfigured'],
  ['unauthorized_client', 'provider.misconfigured'],
  ['unsupported_response_type', 'provider.misconfigured'],
])

/** The failure that the provider reports; `undefined` where it reports none. */
function errorRedirect(
  parameters: URLSearchParams,
  { providerId, returnPath }: Attempt,
): AppError | undefined {
  // Facebook reports some faults without `error`.
  const error = parameters.get('error') ?? parameters.get('error_reason') ?? parameters.get('error_code')
  if (error === null) return undefined
  return new AppError(byRedirectError.get(error) ?? 'provider.refused', {
    details: {
      provider: providerId,
      error,
      description: parameters.get('error_description') ?? undefined,
      returnPath: returnPath === homePath ? undefined : returnPath,
    },
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
  if (!accessToken || !isToken(accessToken) || others.length > 0) throw new AppError('request.malformed')
  return { accessToken }
}

/** The one value of `state`. @throws AppError `login.state_missing` */
function stateOf(parameters: URLSearchParams): string {
  const [state, ...others] = parameters.getAll('state')
  if (!state || others.length > 0) throw new AppError('login.state_missing')
  return state
}

/** Takes what the person brought back, and the attempt that it answers. */
async function comeBack(
  { attempts }: CallbackParts,
  provider: Provider,
  parameters: URLSearchParams,
  req: Request,
  res: Response,
): Promise<Attempt> {
  const recording = currentRecording()
  recording?.cameBack(`${req.method} ${req.path}`, parameters)
  const attempt = attempts.take(req, res, stateOf(parameters), provider.id)
  const refusal = errorRedirect(parameters, attempt)
  // Only for the receipt: nobody waits for it who is refused, and where it cannot be told the sign-in goes on.
  const url =
    recording &&
    (refusal
      ? knownAuthorizationUrl(provider, attempt)
      : await authorizationUrl(provider, attempt).catch(() => undefined))
  if (url) recording.sent(url, attempt.startedAt)
  if (refusal) throw refusal
  return attempt
}

/** All the parts that a sign-in passes through. */
interface CallbackParts {
  providers: ProviderDirectory
  attempts: Attempts
  sessions: SealedStore
  sealer: Sealer
  obtainAccess: ObtainAccess
  times: SessionTimes
  receipts: Receipts
  audit: Audit
}

type Callback = RequestHandler<{ provider: string }>

/**
 * The way back from the provider: the journey of a sign-in, step by step. Each step takes the previous one's
 * result and ends in one AppError if it fails; until the last one nobody is signed in.
 */
async function finishSignIn(
  parts: CallbackParts,
  provider: Provider,
  parameters: URLSearchParams,
  req: Request,
  res: Response,
): Promise<void> {
  limitRequestTo(signInDeadlineMs)
  // This address has a code or a token in it, and an error page would have it for a referrer.
  res.set('Referrer-Policy', 'no-referrer')
  const attempt = await inLeg('return', () => comeBack(parts, provider, parameters, req, res))
  // A double click sends the same callback twice; a code that is redeemed twice would revoke the first's tokens.
  const turn = { name: `attempt:${attempt.state}`, secret: attempt.secret, patienceMs: signInDeadlineMs }
  const done = await parts.sessions.doOnce(turn, async () => {
    const tokens = await inLeg('tokens', () => receiveTokens(provider, attempt, parameters))
    const identity = await inLeg('identity', () => provider.identify(tokens))
    const access = await inLeg('access', () => parts.obtainAccess(provider.roleArn, identity))
    const { accessToken, refreshToken } = tokens
    const { person, trust } = identity
    const who = { person, access, providerTokens: { accessToken, refreshToken }, turn: turn.name }
    return { who, receipt: parts.receipts.written(trust) }
  })
  if (done === undefined) throw new AppError('login.state_mismatch')
  const { who, receipt } = done
  await signIn(req, res, who, parts, (sessionId, endsAt) => parts.receipts.keep(sessionId, receipt, endsAt))
  parts.audit.signedIn(who.person, who.access)
  res.redirect(303, attempt.returnPath + (provider.appendsFragment ? '#' : ''))
}

/** A callback that comes late, or twice, to somebody who is signed in is no failure of theirs. */
const isLate = (error: unknown): boolean =>
  error instanceof AppError &&
  ['login.no_attempt', 'login.state_mismatch', 'login.attempt_expired'].includes(error.code)

const finish = async (
  parts: CallbackParts,
  provider: Provider,
  parameters: URLSearchParams,
  req: Request,
  res: Response,
): Promise<void> => {
  parts.receipts.begin({ providerId: provider.id, grant: provider.grant })
  try {
    await finishSignIn(parts, provider, parameters, req, res)
  } catch (error) {
    if (isLate(error) && signedIn(req)) {
      res.redirect(303, homePath)
      return
    }
    // The store was away: the attempt is still good, and the same address works once the store is back.
    if (error instanceof AppError && error.code === 'session.store_unavailable')
      res.removeHeader('Set-Cookie')
    parts.audit.refused(provider.id, error)
    throw error
  }
}

/** A token in the fragment never reaches the server: only a page of ours can fetch it from the address bar. */
const awaitsFragment = (provider: Provider, parameters: URLSearchParams): boolean =>
  provider.grant === 'implicit' && parameters.size === 0

/** `GET /oauth2callback/:provider` */
export const loginCallback =
  (parts: CallbackParts): Callback =>
  async (req, res) => {
    const provider = parts.providers.find(req.params.provider)
    const parameters = new URL(req.originalUrl, req.publicOrigin).searchParams
    if (awaitsFragment(provider, parameters)) {
      res.render('implicit-callback', { title: 'Signing in', postUrl: req.path })
      return
    }
    await finish(parts, provider, parameters, req, res)
  }

/** `POST /oauth2callback/:provider`: the fragment of an implicit grant, sent by our page. */
export const fragmentCallback =
  (parts: CallbackParts): Callback =>
  async (req, res) => {
    const provider = parts.providers.find(req.params.provider)
    if (provider.grant !== 'implicit') throw new AppError('login.grant_not_enabled')
    await finish(parts, provider, new URLSearchParams(req.body as string), req, res)
  }
