import { AwsError } from './aws-error.ts'
import { type XmlContent, xmlDocument } from './xml.ts'

/** What a listing tells of an object. */
export interface ListedObject {
  key: string
  /** Bytes. */
  size: number
  lastModified: Date
  etag: string
  storageClass: string
}

const MAX_PAGE = 1000

/**
 * Answers ListObjectsV2, and the first version of it as far as its markers are the same thing.
 *
 * @param objects of the bucket, by key
 * @throws AwsError `InvalidArgument`
 * @see "ListObjectsV2", Amazon S3 API reference
 */
export function listObjects(bucket: string, objects: ListedObject[], query: Map<string, string>): string {
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const encode = encoderFor(query.get('encoding-type'))
  const maxKeys = Math.min(readMaxKeys(query.get('max-keys')), MAX_PAGE)
  const token = query.get('continuation-token')
  const after =
    token === undefined ? (query.get('start-after') ?? query.get('marker') ?? '') : readToken(token)

  const { contents, folders, next } = select(objects, { prefix, delimiter, after, maxKeys })
  const content: XmlContent = {
    Name: bucket,
    Prefix: encode(prefix),
    Delimiter: delimiter ? encode(delimiter) : undefined,
    MaxKeys: maxKeys,
    EncodingType: query.get('encoding-type'),
    KeyCount: contents.length + folders.length,
    IsTruncated: String(next !== undefined),
    ContinuationToken: token,
    NextContinuationToken: next === undefined ? undefined : writeToken(next),
    Contents: contents.map(({ key, size, lastModified, etag, storageClass }) => ({
      Key: encode(key),
      LastModified: lastModified.toISOString(),
      ETag: etag,
      Size: size,
      StorageClass: storageClass,
    })),
    CommonPrefixes: folders.map((folder) => ({ Prefix: encode(folder) })),
  }
  return xmlDocument('ListBucketResult', content, 'http://s3.amazonaws.com/doc/2006-03-01/')
}

interface Selection {
  prefix: string
  delimiter: string
  /** Only what comes later than this key or folder. */
  after: string
  maxKeys: number
}

/** One page. `next` is its last key or folder when more follows. */
function select(objects: ListedObject[], { prefix, delimiter, after, maxKeys }: Selection) {
  const contents: ListedObject[] = []
  const folders: string[] = []
  let last = ''
  for (let index = firstFrom(objects, after > prefix ? after : prefix); index < objects.length; index += 1) {
    const object = objects[index] as ListedObject
    if (!object.key.startsWith(prefix)) break
    const end = delimiter ? object.key.indexOf(delimiter, prefix.length) : -1
    const name = end < 0 ? object.key : object.key.slice(0, end + delimiter.length)
    if (name <= after || name === folders.at(-1)) continue
    if (contents.length + folders.length >= maxKeys) {
      return { contents, folders, next: maxKeys > 0 ? last : undefined }
    }
    if (end < 0) contents.push(object)
    else folders.push(name)
    last = name
  }
  return { contents, folders, next: undefined }
}

/** Index of the first object whose key is not before `key`. */
function firstFrom(objects: ListedObject[], key: string): number {
  let [low, high] = [0, objects.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((objects[middle]?.key ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}

/** XML 1.0 has no way to write most control characters: with `url`, keys come percent-encoded, a space as `+`. */
function encoderFor(encodingType: string | undefined): (text: string) => string {
  if (encodingType === undefined) return (text) => text
  if (encodingType !== 'url') throw invalidArgument('encoding-type', encodingType)
  return (text) =>
    encodeURIComponent(text)
      .replace(/%20/g, '+')
      .replace(/%2F/g, '/')
      .replace(/[!'()]/g, percent)
}

const percent = (one: string): string => `%${one.charCodeAt(0).toString(16).toUpperCase()}`

function readMaxKeys(text = String(MAX_PAGE)): number {
  if (!/^\d{1,9}$/.test(text)) throw invalidArgument('max-keys', text)
  return Number(text)
}

const writeToken = (name: string): string => `1${Buffer.from(name).toString('base64')}`

function readToken(token: string): string {
  if (!/^1[A-Za-z0-9+/]+=*$/.test(token)) throw invalidArgument('continuation-token', token)
  return Buffer.from(token.slice(1), 'base64').toString()
}

const invalidArgument = (name: string, value: string): AwsError =>
  new AwsError(400, 'InvalidArgument', `The ${name} provided is incorrect`, {
    ArgumentName: name,
    ArgumentValue: value,
  })
