import { randomUUID } from 'node:crypto'
import type { Response } from 'express'

/** A refusal of Amazon's API, in the JSON form of RFC 6749 section 5.2 with Amazon's own `request_id`. */
export class OAuthError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, description: string) {
    super(description)
    this.status = status
    this.code = code
  }

  /** Answers with `error`. @throws `error` itself when it is not a refusal */
  static send(res: Response, error: unknown): void {
    if (!(error instanceof OAuthError)) throw error
    res
      .status(error.status)
      .json({ error: error.code, error_description: error.message, request_id: randomUUID() })
  }
}
