import type { RequestHandler } from 'express'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'

/** A line and a count for each finished request. Never its query, headers or body: codes and tokens travel there. */
export function accessLog(log: Log, metrics: Metrics): RequestHandler {
  return function accessLog(req, res, next) {
    const startedAt = performance.now()
    const { method, path } = req
    res.once('close', () => {
      const status = res.writableFinished ? res.statusCode : 'aborted'
      const durationMs = Math.round(performance.now() - startedAt)
      log.info({ method, path, status, client: req.ip, durationMs }, 'request')
      metrics.request(req.route?.path, method, res.statusCode, durationMs)
    })
    next()
  }
}
