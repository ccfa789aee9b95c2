import { createHash } from 'node:crypto'
import { buildApp } from 'fauxqs'
import { AwsError } from './aws-error.ts'
import type { HttpRequest } from './http-request.ts'
import { type ListedObject, listObjects } from './list-objects.ts'
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

/** Objects in memory, whoever asks. */
export interface ObjectStore {
  /**
   * Answers a request about a bucket, which is made if need be, or about an object. Path and query are written anew
   * from `target`, so that the engine cannot read in them anything but what policies were asked about.
   *
   * @throws AwsError what the engine refuses, `NoSuchKey` for instance
   */
  answer(target: ObjectTarget, request: Omit<HttpRequest, 'url'>): Promise<S3Answer>
  /** Lists objects that have no content: enough for pages that must hold very many. */
  list(bucket: string, objects: ListedObject[]): void
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

/** What cannot be read before it is restored. */
const ARCHIVED = ['GLACIER', 'DEEP_ARCHIVE']

/**
 * Starts the engine without a socket: nothing can reach it but through here, signature and policies checked. The
 * engine keeps what objects hold; which there are, and in what order, is kept here.
 */
export function startObjectStore(): ObjectStore {
  const engine = buildApp({ logger: false })
  const made = new Set<string>()
  const listings = new Map<string, Listing>()

  const listingOf = (bucket: string): Listing => {
    const listing = listings.get(bucket) ?? new Listing()
    listings.set(bucket, listing)
    return listing
  }

  /** Asks the engine how an object stands after a change to it. */
  const relist = async (bucket: string, key: string, headers: HttpRequest['headers']) => {
    const { statusCode, headers: now } = await engine.inject({ method: 'HEAD', url: enginePath(bucket, key) })
    if (statusCode !== 200) return listingOf(bucket).delete(key)
    listingOf(bucket).set({
      key,
      size: Number(now['content-length']),
      lastModified: new Date(String(now['last-modified'])),
      etag: String(now.etag),
      storageClass: String(headers['x-amz-storage-class'] ?? 'STANDARD'),
    })
  }

  return {
    async answer({ bucket, key, query }, { method, headers, body }) {
      if (!made.has(bucket)) await engine.inject({ method: 'PUT', url: `/${bucket}` })
      made.add(bucket)
      if (key === undefined && method === 'GET') {
        const xml = listObjects(bucket, listingOf(bucket).objects, query)
        return { status: 200, headers: { 'content-type': 'application/xml' }, body: xml }
      }
      const { storageClass = 'STANDARD' } = (key && listingOf(bucket).get(key)) || {}
      if (method === 'GET' && ARCHIVED.includes(storageClass)) throw invalidObjectState(storageClass)
      const reply = await engine.inject({
        method: method as 'GET',
        url: enginePath(bucket, key),
        query: Object.fromEntries(query),
        // Without a type the engine would take an empty body for none.
        headers: { 'content-type': 'binary/octet-stream', ...foreignHeaders(headers) },
        payload: body,
      })
      if (reply.statusCode >= 400) throw refusal(method, reply.statusCode, reply.payload)
      if (key !== undefined && !['GET', 'HEAD'].includes(method)) await relist(bucket, key, headers)
      return {
        status: reply.statusCode,
        headers: {
          ...foreignHeaders(reply.headers),
          ...(storageClass !== 'STANDARD' && { 'x-amz-storage-class': storageClass }),
        },
        body: reply.rawPayload,
      }
    },
    list(bucket, objects) {
      for (const object of objects) listingOf(bucket).set(object)
    },
    close: () => engine.close(),
  }
}

/** The objects of one bucket. */
class Listing {
  #byKey = new Map<string, ListedObject>()
  #sorted: ListedObject[] | undefined

  /** By key. */
  get objects(): ListedObject[] {
    this.#sorted ??= [...this.#byKey.values()].sort((one, other) => (one.key < other.key ? -1 : 1))
    return this.#sorted
  }

  get(key: string): ListedObject | undefined {
    return this.#byKey.get(key)
  }

  set(object: ListedObject): void {
    this.#byKey.set(object.key, object)
    this.#sorted = undefined
  }

  delete(key: string): void {
    this.#byKey.delete(key)
    this.#sorted = undefined
  }
}

/**
 * Where the engine keeps an object. It reads paths as a web server does, and would walk up from `a/../b` to `b`: under
 * a fingerprint every key that S3 allows is one step. The slash matters: `/health` is a page of the engine's own.
 */
const enginePath = (bucket: string, key = ''): string =>
  `/${bucket}/${key && createHash('sha256').update(key).digest('hex')}`

const invalidObjectState = (storageClass: string): AwsError =>
  new AwsError(403, 'InvalidObjectState', "The operation is not valid for the object's storage class", {
    StorageClass: storageClass,
  })

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
