import type { Express } from 'express'

const { IncomingMessage, ServerResponse } = process.getBuiltinModule('node:http')

/**
 * Options of Node's `createServer` that make requests and answers Express's own from the beginning. Express changes the
 * prototype of those that are not, one by one, and all that looks at them later is slower for it: a tenth of a page.
 */
export function expressMessages(app: Express) {
  class Request extends IncomingMessage {}
  class Response extends ServerResponse {}
  Object.setPrototypeOf(Request.prototype, app.request)
  Object.setPrototypeOf(Response.prototype, app.response)
  app.request = Request.prototype as typeof app.request
  app.response = Response.prototype as typeof app.response
  return { IncomingMessage: Request, ServerResponse: Response }
}
