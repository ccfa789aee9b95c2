/** How much work: `concurrency` visitors on a connection each, one request at a time. */
interface Load {
  concurrency: number
  /** It ends after so many seconds, or … */
  seconds?: number
  /** … after so many pieces of work. */
  count?: number
}

/** GETs of one page. */
export interface Pages extends Load {
  kind: 'page'
  path: string
  /** Any other ends the work in an error. */
  status: number
  /** Header lines, each with its CRLF, of the requests in turn. */
  headers?: string[]
}

/** Whole sign-ins of newcomers: redirect, callback, bucket page. */
export interface SignIns extends Load {
  kind: 'sign-in'
  /** Authorization codes begin with it, so that no run meets another's. */
  codes: string
}

export type Work = Pages | SignIns

/** Work, and the servers to be loaded with it: each visitor stays with one, the visitors take them in turn. */
export interface Job {
  origins: string[]
  work: Work
}

/** What came of some work. */
export interface Outcome {
  done: number
  seconds: number
  latencyMs: { median: number; p99: number; max: number }
  /** Latency of each sign-in by its authorization code; empty for pages. */
  byCode: [code: string, ms: number][]
}
