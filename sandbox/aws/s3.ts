import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type LoopbackServer, listenOnLoopback } from '../loopback-server.ts'
import { AwsError } from './aws-error.ts'
import { type HttpRequest, readRequest } from './http-request.ts'
import { type Bucket, listBuckets } from './list-buckets.ts'
import { MAX_BODY_BYTES, type S3Answer, startObjectStore } from './object-store.ts'
import { authenticate } from './s3-authentication.ts'
import { authorize } from './s3-authorization.ts'
import { readOperation, responseOverrides, type S3Operation } from './s3-operations.ts'
import type { Caller, Sessions } from './sessions.ts'
import { readSignature, sha256 } from './sigv4.ts'
import { xmlDocument } from './xml.ts'

export interface S3Options {
  /** Whose credentials are accepted; the object that STS issues into. */
  sessions: Sessions
  /** What there is, in any order. The list is read anew on every request. */
  buckets: Bucket[]
  /** Of the endpoint; default `us-east-1`. A request signed for the region of another bucket means its endpoint. */
  region?: string
  /** Default: any free one. */
  port?: number
  /** Milliseconds since the epoch; default `Date.now`. */
  clock?: () => number
}

/** An object put in place before anybody asks. */
interface Seed {
  bucket: string
  key: string
  body: string | Buffer
  /** Default `binary/octet-stream`. */
  contentType?: string
  /** Default `STANDARD`. */
  storageClass?: string
}

export interface S3 extends LoopbackServer {
  /** Puts an object where no policy is asked. @throws AwsError */
  seed(object: Seed): Promise<void>
  /** Makes keys appear in listings, with nothing behind them: cheap enough for 100,000. */
  seedKeys(bucket: string, keys: readonly string[]): void
}

/**
 * Starts a local Amazon S3, addressed path-style. Every request passes signature, session token, expiry and policies
 * before it is answered.
 *
 * @see "Amazon S3 API reference"
 */
export async function startS3(options: S3Options): Promise<S3> {
  const { sessions, buckets, clock = () => Date.now() } = options
  const store = startObjectStore()

  /** Regions have endpoints of their own at AWS. Here one stands for all, and the signature says which is meant. */
  const regionOf = (request: HttpRequest): string => {
    const { region = 'us-east-1' } = options
    const meant = readSignature(request)?.region
    return buckets.find((bucket) => bucket.region === meant)?.region ?? region
  }

  const perform = async (request: HttpRequest): Promise<S3Answer> => {
    const now = clock()
    const region = regionOf(request)
    const caller = authenticate(request, sessions, region, now)
    const operation = readOperation(request)
    const bucket = buckets.find(({ name }) => name === operation.bucket)
    if (bucket && bucket.region !== region) throw permanentRedirect(bucket)
    authorize(caller, operation, now)
    if (operation.bucket === undefined) {
      const xml = listBuckets(buckets, operation.query, sha256(caller.accountId), region)
      return { status: 200, headers: { 'content-type': 'application/xml' }, body: xml }
    }
    if (!bucket) throw noSuchBucket(operation.bucket)
    return store
      .answer({ ...operation, bucket: bucket.name }, request)
      .then((answer) => ({
        ...answer,
        headers: { ...answer.headers, ...responseOverrides(operation.query) },
      }))
      .catch((error) => {
        throw isMissingKey(error) ? whatMayBeKnown(caller, operation, now, error) : error
      })
  }

  const answer = async (req: IncomingMessage, res: ServerResponse) => {
    const requestId = randomBytes(8).toString('hex').toUpperCase()
    const hostId = randomBytes(56).toString('base64')
    res.setHeader('date', new Date(clock()).toUTCString())
    res.setHeader('server', 'AmazonS3')
    res.setHeader('x-amz-request-id', requestId)
    res.setHeader('x-amz-id-2', hostId)
    try {
      const { status, headers, body } = await perform(await readRequest(req, MAX_BODY_BYTES))
      res.writeHead(status, headers).end(body)
    } catch (error) {
      const refusal = error instanceof AwsError ? error : new AwsError(500, 'InternalError', String(error))
      const { code, message, details } = refusal
      const content = { Code: code, Message: message, ...details, RequestId: requestId, HostId: hostId }
      res.writeHead(refusal.status, { 'content-type': 'application/xml', ...refusal.headers })
      res.end(xmlDocument('Error', content))
    }
  }

  const server = await listenOnLoopback((req, res) => void answer(req, res), options.port)
  return {
    ...server,
    async seed({ bucket, key, body, contentType = 'binary/octet-stream', storageClass = 'STANDARD' }) {
      const headers = { 'content-type': contentType, 'x-amz-storage-class': storageClass }
      await store.answer(
        { bucket, key, query: new Map() },
        { method: 'PUT', headers, body: Buffer.from(body) },
      )
    },
    seedKeys(bucket, keys) {
      const lastModified = new Date(clock())
      const etag = `"${'0'.repeat(32)}"`
      store.list(
        bucket,
        keys.map((key) => ({ key, size: 0, lastModified, etag, storageClass: 'STANDARD' })),
      )
    },
    async close() {
      await server.close()
      await store.close()
    },
  }
}

const isMissingKey = (error: unknown): error is AwsError =>
  error instanceof AwsError && error.code === 'NoSuchKey'

/** Only who may list a bucket is told that a key is not there. */
function whatMayBeKnown(caller: Caller, { bucket }: S3Operation, now: number, missing: AwsError): unknown {
  try {
    authorize(caller, { action: 's3:ListBucket', resource: `arn:aws:s3:::${bucket}`, contextKeys: {} }, now)
    return missing
  } catch (denied) {
    return denied
  }
}

const noSuchBucket = (name: string): AwsError =>
  new AwsError(404, 'NoSuchBucket', 'The specified bucket does not exist', { BucketName: name })

const permanentRedirect = ({ name, region }: Bucket): AwsError =>
  new AwsError(
    301,
    'PermanentRedirect',
    'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.',
    { Endpoint: `s3.${region}.amazonaws.com`, Bucket: name },
    { 'x-amz-bucket-region': region },
  )
