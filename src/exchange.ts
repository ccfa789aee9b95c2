/** When a call was made and how long it took. */
interface Timing {
  /** By `performance.now()`. */
  startedAt: number
  durationMs: number
  /** How often it was tried. */
  attempts: number | undefined
}

/** By name in lower case. */
export type HeaderFields = Readonly<Record<string, string | string[] | undefined>>

/** A finished call to an identity provider as it went over the wire. */
export interface HttpExchange extends Timing {
  over: 'http'
  method: string
  url: URL
  headers: HeaderFields
  /** A form, or empty. */
  body: string
  /** `undefined` where none came. */
  answer: { status: number; headers: HeaderFields; body: string } | undefined
}

/** A finished call to AWS. */
export interface AwsExchange extends Timing {
  over: 'aws'
  service: string
  operation: string
  input: object
  /** `undefined` where the call failed. */
  output: object | undefined
  status: number | undefined
  awsRequestId: string | undefined
  /** AWS's code of the failure, or the network's. */
  awsCode: string | undefined
}

/** Raw, with every secret in it: for the recorder of the request that made the call, and for nobody else. */
export type Exchange = HttpExchange | AwsExchange

/** Hears of every finished call of one request. Whoever implements it keeps nothing raw. */
export interface Recorder {
  exchange(exchange: Exchange): void
}
