import { createServer, type Server } from 'node:http'
import type { Metrics } from './metrics.ts'

/** Serves the metrics, on every path, away from the port that people reach. Not yet listening. */
export const createMetricsServer = (metrics: Metrics): Server =>
  createServer(async (_req, res) => {
    const text = await metrics.text()
    res.writeHead(200, { 'content-type': metrics.contentType }).end(text)
  })
