import { createServer, type Server } from 'node:http'
import type { Metrics } from './metrics.ts'
import { createPrometheus } from './prometheus.ts'

/** Metrics, and a server for them on every path, away from the port that people reach. Not yet listening. */
export function createMetricsServer(): { metrics: Metrics; server: Server } {
  const prometheus = createPrometheus()
  const server = createServer(async (_req, res) => {
    const text = await prometheus.text()
    res.writeHead(200, { 'content-type': prometheus.contentType }).end(text)
  })
  return { metrics: prometheus, server }
}
