import { randomBytes } from 'node:crypto'
import type { ErrorRequestHandler } from 'express'

/** What a Graph error says. `subcode` is only there with some codes. */
export interface GraphErrorBody {
  code: number
  message: string
  /** Default `OAuthException`. */
  type?: string
  subcode?: number
}

/** What is wrong with an access token that is not valid. */
export const tokenFaults = {
  unknown: { code: 190, message: 'Invalid OAuth access token - Cannot parse access token' },
  expired: { code: 190, message: 'Error validating access token: Session has expired.', subcode: 463 },
  revoked: {
    code: 190,
    message: 'Error validating access token: The user has not authorized application.',
    subcode: 458,
  },
} as const satisfies Record<string, GraphErrorBody>

/**
 * A refusal of the Graph API, always with status 400 here.
 * @see "Handling Errors", Graph API documentation
 */
export class GraphError extends Error {
  readonly #body: GraphErrorBody

  constructor(body: GraphErrorBody) {
    super(body.message)
    this.#body = body
  }

  /** Turns the error into the answer; leaves every other error to Express. */
  static readonly handler: ErrorRequestHandler = (error, _req, res, next) => {
    if (!(error instanceof GraphError)) return next(error)
    const { code, message, type = 'OAuthException', subcode } = error.#body
    if (code === 190) res.set('www-authenticate', 'OAuth "Facebook Platform" "invalid_token"')
    res.status(400).json({
      error: {
        message,
        type,
        code,
        error_subcode: subcode,
        fbtrace_id: randomBytes(9).toString('base64url'),
      },
    })
  }
}
