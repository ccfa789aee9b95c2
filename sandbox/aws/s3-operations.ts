import { AwsError } from './aws-error.ts'
import { decodePercent, type HttpRequest, queryParameters, rawPath } from './http-request.ts'

/** What a request to S3 asks for. */
export interface S3Operation {
  /** IAM action: `s3:GetObject`. */
  action: string
  /** ARN that policies are compared with. */
  resource: string
  /** `undefined`: the request is about the service as a whole. */
  bucket: string | undefined
  /** `undefined`: the request is about a bucket. */
  key: string | undefined
  query: Map<string, string>
  /** Condition keys that stem from the request. */
  contextKeys: Record<string, string>
}

interface Route {
  method: string
  on: 'service' | 'bucket' | 'object'
  action: string
  /** Must be in the query. */
  requires?: string
  /** May be in the query. */
  allows?: string[]
}

const RESPONSE_OVERRIDES = [
  'content-type',
  'content-language',
  'expires',
  'cache-control',
  'content-disposition',
]
const LISTING = [
  'list-type',
  'prefix',
  'delimiter',
  'max-keys',
  'continuation-token',
  'start-after',
  'marker',
]

const MAX_KEY_BYTES = 1024

const ROUTES: Route[] = [
  {
    method: 'GET',
    on: 'service',
    action: 's3:ListAllMyBuckets',
    allows: ['max-buckets', 'continuation-token', 'prefix', 'bucket-region'],
  },
  { method: 'HEAD', on: 'bucket', action: 's3:ListBucket' },
  {
    method: 'GET',
    on: 'bucket',
    action: 's3:ListBucket',
    allows: [...LISTING, 'encoding-type', 'fetch-owner'],
  },
  {
    method: 'GET',
    on: 'object',
    action: 's3:GetObject',
    allows: ['partNumber', ...RESPONSE_OVERRIDES.map((header) => `response-${header}`)],
  },
  { method: 'HEAD', on: 'object', action: 's3:GetObject', allows: ['partNumber'] },
  { method: 'PUT', on: 'object', action: 's3:PutObject', requires: 'uploadId', allows: ['partNumber'] },
  { method: 'PUT', on: 'object', action: 's3:PutObject' },
  { method: 'POST', on: 'object', action: 's3:PutObject', requires: 'uploads' },
  { method: 'POST', on: 'object', action: 's3:PutObject', requires: 'uploadId' },
  { method: 'DELETE', on: 'object', action: 's3:AbortMultipartUpload', requires: 'uploadId' },
  { method: 'DELETE', on: 'object', action: 's3:DeleteObject' },
]

/**
 * Finds out what a path-style request wants. What is not in the table above is refused rather than taken for
 * something similar.
 *
 * @throws AwsError `NotImplemented`, `InvalidURI`, `KeyTooLongError`
 * @see "Actions, resources, and condition keys for Amazon S3", Service Authorization Reference
 */
export function readOperation({ method, url, headers }: HttpRequest): S3Operation {
  const [, bucket = '', ...keyParts] = rawPath(url).split('/').map(decodePercent)
  const key = keyParts.join('/')
  if (Buffer.byteLength(key) > MAX_KEY_BYTES)
    throw new AwsError(400, 'KeyTooLongError', 'Your key is too long', {
      MaxSizeAllowed: String(MAX_KEY_BYTES),
    })
  const on = key ? 'object' : bucket ? 'bucket' : 'service'
  const query = new Map(queryParameters(url).filter(([name]) => name !== 'x-id' && !/^x-amz-/i.test(name)))
  const route = ROUTES.find((one) => one.method === method && one.on === on && accepts(one, query))
  if (!route) throw notImplemented('query')
  if (headers['x-amz-copy-source']) throw notImplemented('header')

  const resource = { service: '*', bucket, object: `${bucket}/${key}` }[on]
  return {
    action: route.action,
    resource: on === 'service' ? '*' : `arn:aws:s3:::${resource}`,
    bucket: bucket || undefined,
    key: key || undefined,
    query,
    contextKeys: route.action === 's3:ListBucket' ? listingKeys(query) : {},
  }
}

/** Headers of the answer that a (presigned) download may choose: `response-content-disposition` and its like. */
export const responseOverrides = (query: Map<string, string>): Record<string, string> =>
  Object.fromEntries(
    RESPONSE_OVERRIDES.flatMap((header) => {
      const value = query.get(`response-${header}`)
      return value === undefined ? [] : [[header, value]]
    }),
  )

function accepts({ requires, allows = [] }: Route, query: Map<string, string>): boolean {
  if (requires && !query.has(requires)) return false
  return [...query.keys()].every((name) => name === requires || allows.includes(name))
}

const listingKeys = (query: Map<string, string>): Record<string, string> =>
  Object.fromEntries(
    ['prefix', 'delimiter', 'max-keys'].flatMap((name) => {
      const value = query.get(name)
      return value === undefined ? [] : [[`s3:${name}`, value]]
    }),
  )

const notImplemented = (where: 'header' | 'query') =>
  new AwsError(501, 'NotImplemented', `A ${where} you provided implies functionality that is not implemented`)
