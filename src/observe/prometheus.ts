import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Metrics } from './metrics.ts'

/** A session without a page for this long, in milliseconds, is not active. */
const activeMs = 5 * 60_000

const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25]

/** Which ids came up lately: as many are kept as are active, the one seen last at the end. */
function recentIds() {
  const seenAt = new Map<string, number>()
  const forget = () => {
    const oldest = Date.now() - activeMs
    for (const [id, at] of seenAt) {
      if (at > oldest) return
      seenAt.delete(id)
    }
  }
  return {
    add(id: string) {
      seenAt.delete(id)
      seenAt.set(id, Date.now())
      forget()
    },
    count() {
      forget()
      return seenAt.size
    },
  }
}

/** Metrics that can be read. */
export interface Prometheus extends Metrics {
  /** In Prometheus's text format, `contentType` says which. */
  text(): Promise<string>
  contentType: string
}

/** Counts from the start of the process. Event loop, memory and garbage collection come with the library. */
export function createPrometheus(): Prometheus {
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
  const active = recentIds()
  new Gauge({
    name: 'sessions_active',
    help: 'Sessions that this process served a page within five minutes; one that moves counts at each instance',
    registers,
    collect() {
      this.set(active.count())
    },
  })
  return {
    request: (route = 'none', method, status, durationMs) =>
      requests.observe({ route, method, status }, durationMs / 1000),
    upstreamCall: ({ call, status = 0, durationMs }) => calls.observe({ call, status }, durationMs / 1000),
    signIn: (event, provider, outcome) => signIns.inc({ event, provider, outcome }),
    sessionSeen: active.add,
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
