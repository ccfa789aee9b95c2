import type { RequestHandler } from 'express'

/** `GET /healthz`: the process serves. Plain HTTP, any Host, no cookie: balancers ask by address. */
export const alive: RequestHandler = function alive(_req, res) {
  res.set('Cache-Control', 'no-store').type('text').send('ok\n')
}
