/** One finished call to an identity provider or to AWS, as log and metrics may know it. */
export interface UpstreamCall {
  /** Method, host and path, or AWS service and operation. Never a query string. */
  call: string
  /** HTTP status; `undefined` where no answer came. */
  status: number | undefined
  durationMs: number
  /** Id of the answer, for AWS's support and CloudTrail. */
  awsRequestId?: string | undefined
  /** How often it was tried. */
  attempts?: number | undefined
}
