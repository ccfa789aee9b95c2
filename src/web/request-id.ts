import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'
import { runInRequestContext } from '../request-context.ts'

/** Gives every request an id, in its context and in the answer. An id that the client sends is not taken over. */
export const requestId: RequestHandler = function requestId(_req, res, next) {
  const context = { requestId: randomUUID() }
  res.set('X-Request-Id', context.requestId)
  runInRequestContext(context, next)
}
