import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { UpstreamCall } from '../upstream-call.ts'

const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25]

/** What an operator watches, in Prometheus's terms. No label has more values than the configuration has entries. */
export interface Metrics {
  /** `route` as in the route table; `undefined` for what no route took. */
  request(route: string | undefined, method: string, status: number, durationMs: number): void
  upstreamCall(call: UpstreamCall): void
  /** `event` as in the audit log; `outcome` is `ok` or the error code. */
  signIn(event: string, provider: string, outcome: string): void
  /** In Prometheus's text format, `contentType` says which. */
  text(): Promise<string>
  contentType: string
}

/** Counts from the start of the process. Event loop, memory and garbage collection come with the library. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Requests by route',
    labelNames: ['route', 'method', 'status'],
    buckets: secondsBuckets,
    registers,
  })
  const calls = new Histogram({
    name: 'upstream_call_duration_seconds',
    help: 'Calls to identity providers and AWS; status 0 where no answer came',
    labelNames: ['call', 'status'],
    buckets: secondsBuckets,
    registers,
  })
  const signIns = new Counter({
    name: 'sign_in_events_total',
    help: 'Sign-ins, renewals and sign-outs by provider and outcome',
    labelNames: ['event', 'provider', 'outcome'],
    registers,
  })
  return {
    request: (route = 'none', method, status, durationMs) =>
      requests.observe({ route, method, status }, durationMs / 1000),
    upstreamCall: ({ call, status = 0, durationMs }) => calls.observe({ call, status }, durationMs / 1000),
    signIn: (event, provider, outcome) => signIns.inc({ event, provider, outcome }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
