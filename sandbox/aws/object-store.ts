import { buildApp } from 'fauxqs'
import { AwsError } from './aws-error.ts'
import type { HttpRequest } from './http-request.ts'
import { elementText } from './xml.ts'

/** The longest body that the engine takes. */
export const MAX_BODY_BYTES = 11 * 1024 * 1024

/** An answer on its way out. */
export interface S3Answer {
  status: number
  headers: Record<string, string>
  body: string | Buffer
}

/** What a request is about. */
interface ObjectTarget {
  bucket: string
  /** `undefined`: the bucket itself. */
  key: string | undefined
  query: Map<string, string>
}

/** The S3 engine: objects in memory, whoever asks. */
export interface ObjectStore {
  /**
   * Answers a request about a bucket, which is made if need be, or about an object. Path and query are written anew
   * from `target`, so that the engine cannot read in them anything but what policies were asked about.
   *
   * @throws AwsError what the engine refuses, `NoSuchKey` for instance
   */
  answer(target: ObjectTarget, request: Omit<HttpRequest, 'url'>): Promise<S3Answer>
  close(): Promise<void>
}

/** Headers that belong to the connection, or are ours to write: neither side sees the other's. */
const OWN_HEADERS = new Set([
  'host',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'expect',
  'authorization',
  'date',
  'x-amz-request-id',
  'x-amz-id-2',
])

/** Starts the engine without a socket: nothing can reach it but through here, signature and policies checked. */
export function startObjectStore(): ObjectStore {
  const engine = buildApp({ logger: false })
  const made = new Set<string>()
  return {
    async answer({ bucket, key = '', query }, { method, headers, body }) {
      if (!made.has(bucket)) await engine.inject({ method: 'PUT', url: `/${bucket}` })
      made.add(bucket)
      const reply = await engine.inject({
        method: method as 'GET',
        // The slash matters: `/health` without it is a page of the engine's own.
        url: `/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`,
        query: Object.fromEntries(query),
        // Without a type the engine would take an empty body for none.
        headers: { 'content-type': 'binary/octet-stream', ...foreignHeaders(headers) },
        payload: body,
      })
      if (reply.statusCode >= 400) throw refusal(method, reply.statusCode, reply.payload)
      return { status: reply.statusCode, headers: foreignHeaders(reply.headers), body: reply.rawPayload }
    },
    close: () => engine.close(),
  }
}

const foreignHeaders = (headers: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name, value]) => value !== undefined && !OWN_HEADERS.has(name))
      .map(([name, value]) => [name, String(value)]),
  )

function refusal(method: string, status: number, xml: string): AwsError {
  const code =
    elementText(xml, 'Code') ?? (method === 'HEAD' && status === 404 ? 'NoSuchKey' : 'InternalError')
  return new AwsError(status, code, elementText(xml, 'Message') ?? xml)
}
