import type { UpstreamCall } from '../upstream-call.ts'

/** What an operator watches, in Prometheus's terms. No label has more values than the configuration has entries. */
export interface Metrics {
  /** `route` as in the route table; `undefined` for what no route took. `aborted`: the client left before the end. */
  request(route: string | undefined, method: string, status: number | 'aborted', durationMs: number): void
  upstreamCall(call: UpstreamCall): void
  /** `event` as in the audit log; `outcome` is `ok` or the error code. */
  signIn(event: string, provider: string, outcome: string): void
  /** A page is served to the session of this id. */
  sessionSeen(id: string): void
}

/** Where nobody reads them, nothing is counted. */
export const noMetrics: Metrics = {
  request() {},
  upstreamCall() {},
  signIn() {},
  sessionSeen() {},
}
