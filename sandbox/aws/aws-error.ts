/** A refusal in AWS's own terms. The servers turn it into their XML; `details` become further elements of S3's. */
export class AwsError extends Error {
  readonly status: number
  readonly code: string
  readonly details: Record<string, string>
  readonly headers: Record<string, string>

  constructor(
    status: number,
    code: string,
    message: string,
    details: Record<string, string> = {},
    headers: Record<string, string> = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.details = details
    this.headers = headers
  }
}
