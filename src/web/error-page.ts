import type { ErrorRequestHandler, Request, RequestHandler } from 'express'
import { AppError, type ErrorCode } from '../errors.ts'
import type { Log } from '../observe/log.ts'
import { logFailure } from '../observe/log-failure.ts'
import { requestContext } from '../request-context.ts'

/** Headings by the stage that failed; the first prefix that fits. */
const headings: [prefix: string, heading: string][] = [
  ['login.cancelled', 'Sign-in cancelled'],
  ['login.provider_', 'No such sign-in'],
  ['login.', 'Please sign in again'],
  ['provider.', 'Sign-in did not work'],
  ['federation.', 'AWS did not grant access'],
  ['session.store_unavailable', 'Please try again in a moment'],
  ['session.expired', 'Your access ran out'],
  ['session.', 'Please sign in'],
  ['s3.access_denied', 'Access denied'],
  ['s3.no_such_bucket', 'No such bucket'],
  ['s3.no_such_key', 'No such file'],
  ['s3.object_archived', 'This file is archived'],
  ['s3.', 'Your buckets cannot be shown'],
  ['request.too_many', 'Please try again in a moment'],
  ['request.not_found', 'Page not found'],
  ['request.', 'That did not work'],
  ['', 'Something went wrong'],
]

/** What Express and its parsers throw: their statuses for what is wrong with a request. */
function asRequestError(error: unknown): ErrorCode | undefined {
  const { status } = (error ?? {}) as { status?: unknown }
  if (status === 413) return 'request.too_large'
  return typeof status === 'number' && status >= 400 && status < 500 ? 'request.malformed' : undefined
}

function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  return new AppError(asRequestError(error) ?? 'internal.unexpected', { cause: error })
}

/** Whether the client asked for JSON rather than for a page. */
const wantsJson = (req: Request): boolean => req.accepts(['html', 'json']) === 'json'

/** Where a person whom this failure stops can go from here. */
function wayOut({ code, status, details }: AppError, req: Request, providerName: (id: string) => string) {
  const { provider } = details
  if (code === 'session.expired' && typeof provider === 'string') {
    const query = new URLSearchParams({ returnPath: req.originalUrl })
    return { href: `/initiateLogin/${provider}?${query}`, label: `Continue with ${providerName(provider)}` }
  }
  // For request.*, too: on the page for signing in, somebody who is signed in would think that this had ended.
  if (/^(s3\.(access_denied|no_such|object_|request_invalid|wrong_region)|request\.(?!too_many))/.test(code))
    return { href: '/s3/', label: 'Go to your buckets' }
  const tryAgain =
    (code.startsWith('s3.') && status !== 401) ||
    code === 'session.store_unavailable' ||
    code === 'request.too_many'
  if (tryAgain && req.method === 'GET') return { href: req.originalUrl, label: 'Try again' }
  const { returnPath } = details
  const query = typeof returnPath === 'string' ? `?${new URLSearchParams({ returnPath })}` : ''
  return { href: `/${query}`, label: 'Go to the sign-in page' }
}

/** What mends a refusal of AWS, on the page of the person who meets it first: often the operator, trying it out. */
function forOperator({ instruction, details }: AppError) {
  // The role session may be named after an e-mail address, and pages of failures are shown around.
  const { trustPolicy, roleSessionName: _, ...others } = details
  const facts = Object.entries(others).filter(([, value]) => value !== undefined)
  return {
    instruction,
    facts,
    trustPolicy:
      typeof trustPolicy === 'string' ? JSON.stringify(JSON.parse(trustPolicy), null, 2) : undefined,
  }
}

/** What a role would need, where S3 said so. */
const denialOf = ({
  details: { deniedAction, deniedResource, deniedBecause, deniedBySession, allowingStatement },
}: AppError) =>
  deniedAction === undefined
    ? undefined
    : {
        action: deniedAction,
        resource: deniedResource,
        because: deniedBecause,
        bySession: deniedBySession,
        statement: allowingStatement,
      }

/** A page that needs a sign-in sends to it; where we know whose access ran out, the error page says so instead. */
function signInHref(
  { code, details }: AppError,
  req: Request,
  returnPath: ErrorPageParts['returnPath'],
): string | undefined {
  if (code !== 'session.required' && (code !== 'session.expired' || details.provider !== undefined))
    return undefined
  const notice = code === 'session.expired' && { notice: 'expired' }
  return `/?${new URLSearchParams({ returnPath: returnPath(req.originalUrl), ...notice })}`
}

/** What the page needs from other rooms. */
interface ErrorPageParts {
  /** The proper name of a provider. */
  providerName: (id: string) => string
  /** What a sign-in takes for the way back to an address, short enough for a header. */
  returnPath: (wanted: string) => string
  /** Whether the page tells what AWS refused, and what exactly passed in a sign-in. */
  showDetails: boolean
  /** How far the sign-in of this request came; `undefined` where there was none. */
  stoppedView: (error: AppError) => object | undefined
}

/** Ends every failed request: the only place where a failure is logged and shown. */
export function errorPage(
  log: Log,
  { providerName, returnPath, showDetails, stoppedView }: ErrorPageParts,
): ErrorRequestHandler {
  return function errorPage(thrown, req, res, _next) {
    if (res.headersSent) {
      // A download whose reader left, or whose source did.
      log.warn({ err: thrown }, 'an answer broke off')
      req.socket.destroy()
      return
    }
    const error = asAppError(thrown)
    const { code, status, sentence } = error
    logFailure(log, error)
    const requestId = requestContext()?.requestId
    res.status(status).set('Cache-Control', 'no-store')
    if (status === 503) res.set('Retry-After', '10')
    if (wantsJson(req)) {
      res.json({ error: { code, message: sentence, requestId } })
      return
    }
    const signIn = signInHref(error, req, returnPath)
    if (signIn !== undefined) {
      res.redirect(303, signIn)
      return
    }
    const heading = headings.find(([prefix]) => code.startsWith(prefix))?.[1]
    const action = wayOut(error, req, providerName)
    const operator = showDetails && code.startsWith('federation.') ? forOperator(error) : undefined
    const reference = { code, requestId, status }
    const denied = denialOf(error)
    const stopped = stoppedView(error)
    res.render('error', {
      title: heading,
      heading,
      sentence,
      action,
      operator,
      denied,
      stopped,
      isFull: showDetails,
      reference,
    })
  }
}

/** For a path that no route has. */
export const notFound: RequestHandler = function notFound() {
  throw new AppError('request.not_found')
}

/** For a route's other methods. `allowed` as in the Allow header. */
export const methodNotAllowed = (allowed: string): RequestHandler =>
  function methodNotAllowed(_req, res) {
    res.set('Allow', allowed)
    throw new AppError('request.method_not_allowed')
  }
