import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { decodePercent, type HttpRequest, queryParameters, rawPath } from './http-request.ts'

const ALGORITHM = 'AWS4-HMAC-SHA256'
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256\s+Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/

/** What a signed request says of its own signature. Nothing here has been checked yet. */
export interface Signature {
  /** `header`: the Authorization header. `query`: a presigned URL. */
  form: 'header' | 'query'
  accessKeyId: string
  region: string
  service: string
  /** Names in lower case. */
  signedHeaders: string[]
  /** Milliseconds since the epoch. */
  signedAt: number
  /** Of a presigned URL: how long it may be used. */
  expiresSeconds?: number
  sessionToken: string | undefined
  /** Hash of the body, or a word such as `UNSIGNED-PAYLOAD`, as it was signed. */
  payloadHash: string
  /** Signature sent, 64 hexadecimal digits. */
  value: string
  stringToSign: string
  canonicalRequest: string
  /** `yyyymmdd/region/service/aws4_request` */
  scope: string
}

/** How a request is signed. `other`: in a way that is not Signature Version 4. `undefined`: it is not. */
export function signatureScheme({ headers, url }: HttpRequest): Signature['form'] | 'other' | undefined {
  if (headers.authorization) return headers.authorization.startsWith(ALGORITHM) ? 'header' : 'other'
  const query = new Map(queryParameters(url))
  if (query.has('X-Amz-Algorithm')) return 'query'
  return query.has('AWSAccessKeyId') ? 'other' : undefined
}

/**
 * Reads a Signature Version 4 from the Authorization header or from the query string of a presigned URL.
 * `undefined`: there is none, or it is malformed.
 *
 * @see "Authenticating Requests (AWS Signature Version 4)", Amazon S3 API reference
 */
export function readSignature(request: HttpRequest): Signature | undefined {
  const parts = request.headers.authorization ? headerParts(request) : queryParts(request)
  if (!parts) return undefined
  const [accessKeyId, day, region, service, terminator, ...rest] = parts.credential.split('/')
  const signedAt = parseAmzDate(parts.amzDate)
  if (!accessKeyId || !day || !region || !service || terminator !== 'aws4_request' || rest.length)
    return undefined
  if (!Number.isFinite(signedAt) || !parts.amzDate.startsWith(day)) return undefined

  const signedHeaders = parts.signedHeaders.split(';')
  const scope = [day, region, service, terminator].join('/')
  const canonical = canonicalRequest(request, signedHeaders, parts.payloadHash)
  return {
    ...parts,
    accessKeyId,
    region,
    service,
    signedHeaders,
    signedAt,
    scope,
    canonicalRequest: canonical,
    stringToSign: [ALGORITHM, parts.amzDate, scope, sha256(canonical)].join('\n'),
  }
}

/** Whether the request was signed with this secret key. */
export function signatureMatches(signature: Signature, secretAccessKey: string): boolean {
  const signingKey = signature.scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`)
  return timingSafeEqual(hmac(signingKey, signature.stringToSign), Buffer.from(signature.value, 'hex'))
}

/** SHA-256 in hexadecimal digits. */
export const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')

const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest()

const oneHeader = (request: HttpRequest, name: string): string | undefined => {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(',') : value
}

function headerParts(request: HttpRequest) {
  const [, credential, signedHeaders, value] = AUTHORIZATION.exec(request.headers.authorization ?? '') ?? []
  if (!credential || !signedHeaders || !value) return undefined
  return {
    form: 'header' as const,
    credential,
    signedHeaders,
    value,
    amzDate: oneHeader(request, 'x-amz-date') ?? '',
    sessionToken: oneHeader(request, 'x-amz-security-token'),
    payloadHash: oneHeader(request, 'x-amz-content-sha256') ?? sha256(request.body),
  }
}

function queryParts(request: HttpRequest) {
  const query = new Map(queryParameters(request.url))
  const credential = query.get('X-Amz-Credential')
  const signedHeaders = query.get('X-Amz-SignedHeaders')
  const value = query.get('X-Amz-Signature') ?? ''
  const expires = query.get('X-Amz-Expires') ?? ''
  if (query.get('X-Amz-Algorithm') !== ALGORITHM || !credential || !signedHeaders) return undefined
  if (!/^[0-9a-f]{64}$/.test(value) || !/^\d{1,9}$/.test(expires)) return undefined
  return {
    form: 'query' as const,
    credential,
    signedHeaders,
    value,
    amzDate: query.get('X-Amz-Date') ?? '',
    expiresSeconds: Number(expires),
    sessionToken: query.get('X-Amz-Security-Token'),
    payloadHash: query.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD',
  }
}

function canonicalRequest(request: HttpRequest, signedHeaders: string[], payloadHash: string): string {
  const path = rawPath(request.url).split('/').map(decodePercent).map(encode).join('/')
  const query = queryParameters(request.url)
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([name, value], [otherName, otherValue]) => order(name, otherName) || order(value, otherValue))
    .map((pair) => pair.join('='))
    .join('&')
  const headers = signedHeaders
    .map((name) => `${name}:${canonicalValue(oneHeader(request, name))}\n`)
    .join('')
  return [request.method, path, query, headers, signedHeaders.join(';'), payloadHash].join('\n')
}

const order = (one: string, other: string): number => (one < other ? -1 : Number(one > other))

const canonicalValue = (value = ''): string => value.trim().replace(/ +/g, ' ')

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)

/** `20260131T235959Z` to milliseconds since the epoch; NaN when malformed. */
const parseAmzDate = (text: string): number =>
  Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
