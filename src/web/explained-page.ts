import type { RequestHandler } from 'express'

/** `GET /explained`: what happens in a sign-in, against what else could. The same for every visitor. */
export const explainedPage: RequestHandler = function explainedPage(_req, res) {
  res.set('Cache-Control', 'no-cache').render('explained', { title: 'Web identity federation, explained' })
}
