import { S3Client } from '@aws-sdk/client-s3'
import { STSClient } from '@aws-sdk/client-sts'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { Config } from './config.ts'

const connectionTimeoutMs = 3_000
const requestTimeoutMs = 8_000

/** Credentials as S3 calls need them. */
interface SigningCredentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken: string
}

/** The AWS clients of the process. */
export interface AwsClients {
  sts: STSClient
  /** A client that signs with exactly these credentials; it never falls back to the instance's own. */
  s3(credentials: SigningCredentials): S3Client
  /** Ends all connections. */
  destroy(): void
}

/** One pool of kept-alive connections serves every client: making a client costs no connection. */
export function createAwsClients({ aws }: Config): AwsClients {
  const requestHandler = new NodeHttpHandler({
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    throwOnRequestTimeout: true,
    httpAgent: { keepAlive: true, maxSockets: 200 },
    httpsAgent: { keepAlive: true, maxSockets: 200 },
  })
  const common = { region: aws.region, requestHandler }
  return {
    sts: new STSClient({ ...common, ...(aws.stsEndpoint && { endpoint: aws.stsEndpoint }) }),
    s3: ({ accessKeyId, secretAccessKey, sessionToken }) =>
      new S3Client({
        ...common,
        credentials: { accessKeyId, secretAccessKey, sessionToken },
        followRegionRedirects: true,
        ...(aws.s3Endpoint && { endpoint: aws.s3Endpoint, forcePathStyle: true }),
      }),
    destroy: () => requestHandler.destroy(),
  }
}

/** What an error of the AWS SDK tells, as far as the log may know it. */
export interface AwsFailure {
  /** The code on the wire, such as `AccessDenied`; `Unknown` where the answer was not AWS's XML. */
  awsCode: string
  httpStatus: number | undefined
  awsRequestId: string | undefined
  attempts: number | undefined
}

/** Reads an SDK error: service errors have a wire code, the others a name. */
export function awsFailure(cause: unknown): AwsFailure {
  const error = (cause ?? {}) as {
    name?: string
    Code?: string
    code?: string
    $metadata?: { httpStatusCode?: number; requestId?: string; attempts?: number }
  }
  return {
    awsCode: error.Code ?? error.code ?? error.name ?? 'Unknown',
    httpStatus: error.$metadata?.httpStatusCode,
    awsRequestId: error.$metadata?.requestId,
    attempts: error.$metadata?.attempts,
  }
}

/** Whether the call failed on the way: no answer, or none in time. */
export function transportFailure(cause: unknown): 'unreachable' | 'timeout' | undefined {
  if (!(cause instanceof Error)) return undefined
  if (['TimeoutError', 'AbortError'].includes(cause.name)) return 'timeout'
  const { awsCode, httpStatus } = awsFailure(cause)
  const network = /^(E[A-Z]+|ERR_TLS\w*|CERT_\w+|DEPTH_ZERO\w*|SELF_SIGNED\w*|UNABLE_TO\w*|HPE_\w+)$/
  return httpStatus === undefined && network.test(awsCode) ? 'unreachable' : undefined
}

/** Codes by which any AWS service asks for patience. */
export const throttlingCodes = [
  'Throttling',
  'ThrottlingException',
  'SlowDown',
  'TooManyRequests',
  'RequestLimitExceeded',
]
