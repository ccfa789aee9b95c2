import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'
import { requestContext, runInRequestContext } from '../request-context.ts'

/** Gives every request an id, in its context. An id that the client sends is not taken over. */
export const requestId: RequestHandler = function requestId(_req, _res, next) {
  runInRequestContext({ requestId: randomUUID() }, next)
}

/** Tells the id in the answer. */
export const tellRequestId: RequestHandler = function tellRequestId(_req, res, next) {
  res.setHeader('X-Request-Id', requestContext()?.requestId ?? '')
  next()
}
