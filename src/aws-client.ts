import { Readable } from 'node:stream'
import { S3Client } from '@aws-sdk/client-s3'
import { STSClient } from '@aws-sdk/client-sts'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { Config } from './config.ts'
import { UnusableAnswer } from './http-client.ts'
import type { UpstreamCall } from './upstream-call.ts'

const connectionTimeoutMs = 3_000
const requestTimeoutMs = 8_000
/** Far above the longest list that AWS sends in one piece, in bytes. */
const largestAnswerBytes = 8 * 1024 * 1024

/** Credentials as S3 calls need them. */
interface SigningCredentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken: string
}

/** The AWS clients of the process. */
export interface AwsClients {
  sts: STSClient
  /**
   * A client that signs with exactly these credentials; it never falls back to the instance's own. `region`: default
   * AWS_REGION.
   */
  s3(credentials: SigningCredentials, region?: string): S3Client
  /** Ends all connections. */
  destroy(): void
}

/** Reports every call of a client once it is over, with the id by which AWS knows it. */
function reportCalls(
  client: STSClient | S3Client,
  service: string,
  onFinished: (call: UpstreamCall) => void,
): void {
  // Both have the same kind of stack; only the commands differ that it may see.
  const { middlewareStack } = client as STSClient
  middlewareStack.add(
    (next, context) => async (args) => {
      const startedAt = performance.now()
      const finished = (status: number | undefined, awsRequestId?: string, attempts?: number) =>
        onFinished({
          call: `${service} ${context.commandName}`,
          status,
          durationMs: Math.round(performance.now() - startedAt),
          awsRequestId,
          attempts,
        })
      try {
        const result = await next(args)
        // What is only signed goes through the same stack, and calls nobody.
        if ('presigned' in result.output) return result
        const { httpStatusCode, requestId, attempts } = result.output.$metadata
        finished(httpStatusCode, requestId, attempts)
        return result
      } catch (error) {
        const { httpStatus, awsRequestId, attempts } = awsFailure(error)
        finished(httpStatus, awsRequestId, attempts)
        throw error
      }
    },
    { step: 'initialize', name: 'reportCalls' },
  )
}

async function* bounded(body: AsyncIterable<Uint8Array>, largestBytes: number): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > largestBytes) throw new UnusableAnswer(`more than ${largestBytes} bytes`)
    yield chunk
  }
}

/**
 * Ends the reading of an answer that is kept in memory as a whole and is larger than `largestBytes`. Objects of S3
 * are not. Takes any client of the SDK: all have the same kind of stack.
 */
export function limitAnswers(client: { middlewareStack: unknown }, largestBytes: number): void {
  const { middlewareStack } = client as STSClient
  middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args)
      const response = result.response as { body?: unknown }
      if (context.commandName !== 'GetObjectCommand' && response.body instanceof Readable) {
        response.body = Readable.from(bounded(response.body, largestBytes), { objectMode: false })
      }
      return result
    },
    // Between the connection and the parser.
    { step: 'deserialize', priority: 'low', name: 'limitAnswers' },
  )
}

/**
 * One pool of kept-alive connections serves every client: making a client costs no connection. `onFinished` hears
 * of every call.
 */
export function createAwsClients({ aws }: Config, onFinished: (call: UpstreamCall) => void): AwsClients {
  const requestHandler = new NodeHttpHandler({
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    throwOnRequestTimeout: true,
    httpAgent: { keepAlive: true, maxSockets: 200 },
    httpsAgent: { keepAlive: true, maxSockets: 200 },
  })
  const common = { region: aws.region, requestHandler }
  const sts = new STSClient({ ...common, ...(aws.stsEndpoint && { endpoint: aws.stsEndpoint }) })
  reportCalls(sts, 'sts', onFinished)
  limitAnswers(sts, largestAnswerBytes)
  return {
    sts,
    s3({ accessKeyId, secretAccessKey, sessionToken }, region = aws.region) {
      const client = new S3Client({
        ...common,
        region,
        credentials: { accessKeyId, secretAccessKey, sessionToken },
        ...(aws.s3Endpoint && { endpoint: aws.s3Endpoint, forcePathStyle: true }),
      })
      reportCalls(client, 's3', onFinished)
      limitAnswers(client, largestAnswerBytes)
      return client
    },
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
  const { awsCode, httpStatus } = awsFailure(cause)
  // The SDK calls a connection that was closed a TimeoutError too.
  const closed = awsCode === 'ECONNRESET' || awsCode === 'EPIPE'
  if (!closed && ['TimeoutError', 'AbortError'].includes(cause.name)) return 'timeout'
  const network = /^(E(?!RR_)[A-Z_]+|ERR_TLS\w*|CERT_\w+|DEPTH_ZERO\w*|SELF_SIGNED\w*|UNABLE_TO\w*|HPE_\w+)$/
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
