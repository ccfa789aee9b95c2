import type { Request, RequestHandler, Response } from 'express'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { requestContext, runInRequestContext } from '../request-context.ts'

/** Notes an answer once it is finished. `route`: default the route that Express finds. */
export type NoteAnswer = (req: Request, res: Response, route?: string) => void

/** A line and a count for each finished request. Never its query, headers or body: codes and tokens travel there. */
export const noteAnswers =
  (log: Log, metrics: Metrics): NoteAnswer =>
  (req, res, route) => {
    const startedAt = performance.now()
    // Where the client leaves, its address and the request's context are not there any more at the end.
    const { method, path, ip: client } = req
    const context = requestContext()
    const note = () => {
      const status = res.writableFinished ? res.statusCode : 'aborted'
      const durationMs = Math.round(performance.now() - startedAt)
      log.info({ method, path, status, client, durationMs }, 'request')
      metrics.request(route ?? req.route?.path, method, status, durationMs)
    }
    // Not by AsyncResource.bind, which is half as dear as all of the login page.
    res.once('close', () => (context ? runInRequestContext(context, note) : note()))
  }

/** Has every answer from here on noted. */
export const accessLog = (note: NoteAnswer): RequestHandler =>
  function accessLog(req, res, next) {
    note(req, res)
    next()
  }
