/** How much load: `concurrency` visitors on a connection each, one request at a time. */
interface Load {
  origin: string
  concurrency: number
  /** It ends after so many seconds, or … */
  seconds?: number
  /** … after so many pieces of work. */
  count?: number
}

/** GETs of one page. */
export interface PageJob extends Load {
  kind: 'page'
  path: string
  /** Any other ends the job in an error. */
  status: number
  /** Header lines, each with its CRLF, of the visitors in turn. */
  headers?: string[]
}

/** Whole sign-ins of newcomers: redirect, callback, bucket page. */
export interface SignInJob extends Load {
  kind: 'sign-in'
  /** Authorization codes begin with it, so that no run meets another's. */
  codes: string
}

/** Work for the load generator. */
export type Job = PageJob | SignInJob

/** What came of a job. */
export interface Outcome {
  done: number
  seconds: number
  /** CPU time of the load generator itself, in milliseconds. */
  cpuMs: number
  latencyMs: { median: number; p99: number; max: number }
  /** Latency of each sign-in by its authorization code; empty for pages. */
  byCode: [code: string, ms: number][]
}
