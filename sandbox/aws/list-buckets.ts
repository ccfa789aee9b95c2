import { AwsError } from './aws-error.ts'
import { type XmlContent, xmlDocument } from './xml.ts'

export interface Bucket {
  name: string
  region: string
  creationDate: Date
}

const MAX_PAGE = 10_000

/**
 * Answers ListBuckets: by name, in pages, with a bucket's region only for who sends at least one parameter.
 *
 * @param region of the endpoint, the only one that `bucket-region` may name
 * @throws AwsError `InvalidArgument`
 * @see "ListBuckets", Amazon S3 API reference
 */
export function listBuckets(
  buckets: Bucket[],
  query: Map<string, string>,
  ownerId: string,
  region: string,
): string {
  const pageSize = readPageSize(query.get('max-buckets'))
  const after = readToken(query.get('continuation-token'))
  const prefix = query.get('prefix')
  const bucketRegion = query.get('bucket-region')
  if (bucketRegion !== undefined && bucketRegion !== region) {
    throw invalidArgument(
      'bucket-region',
      bucketRegion,
      `Argument bucket-region must be ${region} at this endpoint`,
    )
  }

  const matching = buckets
    .filter(({ name }) => name > after && name.startsWith(prefix ?? ''))
    .filter((bucket) => !bucketRegion || bucket.region === bucketRegion)
    .sort((one, other) => (one.name < other.name ? -1 : 1))
  const page = matching.slice(0, pageSize)
  const last = page.at(-1)
  const content: XmlContent = {
    Owner: { ID: ownerId },
    Buckets: {
      Bucket: page.map((bucket) => ({
        Name: bucket.name,
        CreationDate: bucket.creationDate.toISOString(),
        BucketRegion: query.size > 0 ? bucket.region : undefined,
        BucketArn: query.size > 0 ? `arn:aws:s3:::${bucket.name}` : undefined,
      })),
    },
    ContinuationToken: last && page.length < matching.length ? writeToken(last.name) : undefined,
    Prefix: prefix,
  }
  return xmlDocument('ListAllMyBucketsResult', content, 'http://s3.amazonaws.com/doc/2006-03-01/')
}

/** As many buckets as wanted, `bucket-00000` and on, a minute apart: for pages that must hold them all. */
export const manyBuckets = (count: number, region = 'us-east-1'): Bucket[] =>
  Array.from({ length: count }, (_, index) => ({
    name: `bucket-${String(index).padStart(5, '0')}`,
    region,
    creationDate: new Date(Date.UTC(2026, 0, 1, 0, index)),
  }))

function readPageSize(text: string | undefined): number {
  if (text === undefined) return MAX_PAGE
  if (!/^-?\d{1,9}$/.test(text)) {
    throw invalidArgument('max-buckets', text, 'Provided max-buckets not an integer or within integer range')
  }
  const pageSize = Number(text)
  if (pageSize >= 1 && pageSize <= MAX_PAGE) return pageSize
  throw invalidArgument(
    'max-buckets',
    text,
    `Argument max-buckets must be an integer between 1 and ${MAX_PAGE}`,
  )
}

/** Tokens say nothing to who does not make them, and are recognised by their first character. */
const writeToken = (name: string): string => `1${Buffer.from(name).toString('hex')}`

function readToken(token: string | undefined): string {
  if (token === undefined) return ''
  if (!/^1([0-9a-f]{2})+$/.test(token)) {
    throw invalidArgument('continuation-token', token, 'The continuation token provided is incorrect')
  }
  return Buffer.from(token.slice(1), 'hex').toString()
}

const invalidArgument = (name: string, value: string, message: string): AwsError =>
  new AwsError(400, 'InvalidArgument', message, { ArgumentName: name, ArgumentValue: value })
