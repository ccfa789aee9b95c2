import type { RequestHandler } from 'express'
import type { Log } from '../observe/log.ts'

/** One line for each finished request. Never its query string, headers or body: codes and tokens travel there. */
export function accessLog(log: Log): RequestHandler {
  return function accessLog(req, res, next) {
    const startedAt = performance.now()
    const path = req.path
    res.once('close', () => {
      log.info(
        {
          method: req.method,
          path,
          status: res.writableFinished ? res.statusCode : 'aborted',
          client: req.ip,
          durationMs: Math.round(performance.now() - startedAt),
        },
        'request',
      )
    })
    next()
  }
}
