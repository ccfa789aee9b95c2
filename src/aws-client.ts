import { AsyncLocalStorage } from 'node:async_hooks'
import { Readable } from 'node:stream'
import type { S3 } from '@aws-sdk/client-s3'
import type { STS } from '@aws-sdk/client-sts'
import type { Config } from './config.ts'
import { AppError } from './errors.ts'
import { requestContext } from './request-context.ts'
import { UnusableAnswer } from './unusable-answer.ts'
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
  sts(): Promise<STS>
  /**
   * Runs `work` with a client that signs with exactly these credentials, and with no others: not with anybody else's
   * at the same time, and never with the instance's own. Outside of `work` the client signs nothing. `region`: default
   * AWS_REGION.
   */
  withS3<T>(
    credentials: SigningCredentials,
    region: string | undefined,
    work: (client: S3) => Promise<T>,
  ): Promise<T>
  /** Loads what calls need, for which the first one would wait. */
  prepare(): Promise<void>
  /** Ends all connections. */
  destroy(): Promise<void>
}

/** How a call ended, for everybody who hears of it. */
interface Ending extends Omit<AwsFailure, 'awsCode' | 'httpStatus'> {
  status: number | undefined
  output?: object
  awsCode?: string
}

/** Reports every call of a client once it is over, with the id by which AWS knows it. */
function reportCalls(client: STS | S3, service: string, onFinished: (call: UpstreamCall) => void): void {
  // Both have the same kind of stack; only the commands differ that it may see.
  const { middlewareStack } = client as STS
  // The SDK's own report goes through every input and output, and reaches nobody.
  middlewareStack.remove('loggerMiddleware')
  middlewareStack.add(
    (next, context) => async (args) => {
      const startedAt = performance.now()
      const finished = ({ status, awsRequestId, attempts, output, awsCode }: Ending) => {
        const durationMs = performance.now() - startedAt
        const call = `${service} ${context.commandName}`
        onFinished({ call, status, durationMs: Math.round(durationMs), awsRequestId, attempts })
        requestContext()?.recorder?.exchange({
          over: 'aws',
          service,
          operation: String(context.commandName).replace(/Command$/, ''),
          input: args.input,
          output,
          status,
          awsRequestId,
          awsCode,
          startedAt,
          durationMs,
          attempts,
        })
      }
      try {
        const result = await next(args)
        // What is only signed goes through the same stack, and calls nobody.
        if ('presigned' in result.output) return result
        const { httpStatusCode: status, requestId: awsRequestId, attempts } = result.output.$metadata
        finished({ status, awsRequestId, attempts, output: result.output })
        return result
      } catch (error) {
        const { httpStatus: status, ...failure } = awsFailure(error)
        finished({ status, ...failure })
        throw error
      }
    },
    { step: 'initialize', name: 'reportCalls' },
  )
}

async function readBounded(body: AsyncIterable<Uint8Array>, largestBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > largestBytes) throw new UnusableAnswer(`more than ${largestBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/**
 * Reads the answers that are kept in memory as a whole, up to `largestBytes`. Objects of S3 are not. Takes any client
 * of the SDK: all have the same kind of stack.
 */
export function limitAnswers(client: { middlewareStack: unknown }, largestBytes: number): void {
  const { middlewareStack } = client as STS
  middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args)
      const response = result.response as { body?: unknown }
      if (context.commandName !== 'GetObjectCommand' && response.body instanceof Readable) {
        response.body = await readBounded(response.body, largestBytes)
      }
      return result
    },
    // Between the connection and the parser.
    { step: 'deserialize', priority: 'low', name: 'limitAnswers' },
  )
}

/** Whose request is being signed, for all that is awaited meanwhile. */
const signingCredentials = new AsyncLocalStorage<SigningCredentials>()

function currentCredentials(): SigningCredentials {
  const credentials = signingCredentials.getStore()
  if (!credentials) throw new Error('nobody is signed in for whom this request could be signed')
  return credentials
}

/**
 * The current credentials for a client that is shared by everybody. The SDK keeps what a provider of credentials
 * returned, and would sign everybody's requests with it, except where the provider says that it does so itself.
 */
const sharedCredentials = Object.assign(async () => currentCredentials(), { memoized: true })

/** What must never be. Not S3's fault, and so none of its codes. */
export const foreignSignature = (): AppError =>
  new AppError('internal.unexpected', {
    cause: new Error('what is signed for S3 is signed with credentials that are not the session’s'),
  })

/** Lets no request out that is signed for anybody else, whatever the SDK may one day keep. */
function refuseForeignSignatures(client: S3): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const { headers } = args.request as { headers: Record<string, string> }
      const { accessKeyId, sessionToken } = currentCredentials()
      const signedAs = `Credential=${accessKeyId}/`
      if (!headers.authorization?.includes(signedAs) || headers['x-amz-security-token'] !== sessionToken)
        throw foreignSignature()
      return next(args)
    },
    // Behind the signing.
    { step: 'finalizeRequest', priority: 'low', name: 'refuseForeignSignatures' },
  )
}

/** Regions for which a client is kept. There are not as many; a name in an address may be made up. */
const mostRegions = 50

/** The SDK is loaded here, and not at a start, of which it would be a fifth. */
async function openClients({ aws }: Config, onFinished: (call: UpstreamCall) => void) {
  const [{ S3 }, { STS }, { NodeHttpHandler }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/client-sts'),
    import('@smithy/node-http-handler'),
  ])
  const requestHandler = new NodeHttpHandler({
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    throwOnRequestTimeout: true,
    httpAgent: { keepAlive: true, maxSockets: 200 },
    httpsAgent: { keepAlive: true, maxSockets: 200 },
  })
  const common = { region: aws.region, requestHandler }
  const sts = new STS({ ...common, ...(aws.stsEndpoint && { endpoint: aws.stsEndpoint }) })
  reportCalls(sts, 'sts', onFinished)
  limitAnswers(sts, largestAnswerBytes)
  const s3Clients = new Map<string, S3>()
  const s3In = (region: string): S3 => {
    const known = s3Clients.get(region)
    if (known) return known
    if (s3Clients.size >= mostRegions) s3Clients.clear()
    const client = new S3({
      ...common,
      region,
      credentials: sharedCredentials,
      // Would keep sessions of its own that it makes from somebody's credentials.
      disableS3ExpressSessionAuth: true,
      ...(aws.s3Endpoint && { endpoint: aws.s3Endpoint, forcePathStyle: true }),
    })
    reportCalls(client, 's3', onFinished)
    limitAnswers(client, largestAnswerBytes)
    refuseForeignSignatures(client)
    s3Clients.set(region, client)
    return client
  }
  return { sts, s3In, destroy: () => requestHandler.destroy() }
}

/**
 * One client for each region and one pool of kept-alive connections serve everybody: a client of its own for each
 * call would double what the call costs. `onFinished` hears of every call.
 */
export function createAwsClients(config: Config, onFinished: (call: UpstreamCall) => void): AwsClients {
  let opening: ReturnType<typeof openClients> | undefined
  const clients = () => {
    opening ??= openClients(config, onFinished)
    return opening
  }
  return {
    sts: async () => (await clients()).sts,
    async withS3({ accessKeyId, secretAccessKey, sessionToken }, region = config.aws.region, work) {
      const { s3In } = await clients()
      return signingCredentials.run({ accessKeyId, secretAccessKey, sessionToken }, () => work(s3In(region)))
    },
    async prepare() {
      await clients()
    },
    destroy: async () => (await opening)?.destroy(),
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
