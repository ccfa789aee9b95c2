import type { AwsClients } from '../aws-client.ts'
import { AppError } from '../errors.ts'
import type { Access } from '../federation/access.ts'
import { callS3 } from './s3-call.ts'

export interface Bucket {
  name: string
  /** `undefined` where the store does not tell. */
  region: string | undefined
  createdAt: Date | undefined
}

/** One page of an account's buckets, by name. */
export interface BucketPage {
  buckets: Bucket[]
  /** Opaque, at most 1,024 characters; `undefined` on the last page. */
  nextToken: string | undefined
}

/** Which of the buckets are wanted, and from where on. */
export interface BucketQuery {
  /** Beginning of the name. */
  prefix?: string | undefined
  /** Only buckets there. S3 filters by the region of its own endpoint only, so that region's endpoint is asked. */
  region?: string | undefined
  /** `nextToken` of the page before. */
  token?: string | undefined
  /** How many at most; default: a page. */
  limit?: number
}

/** Few enough that reading the XML does not hold up the event loop. */
const bucketsPerPage = 200

/**
 * Lists one page of the buckets that the credentials may see.
 * @throws AppError `s3.*`
 * @see ListBuckets, Amazon S3 API reference. MaxBuckets also makes S3 tell each bucket's region.
 */
export async function listBuckets(
  aws: AwsClients,
  access: Access,
  { prefix, region, token, limit = bucketsPerPage }: BucketQuery = {},
): Promise<BucketPage> {
  const query = {
    MaxBuckets: limit,
    ContinuationToken: token || undefined,
    Prefix: prefix || undefined,
    BucketRegion: region,
  }
  const attempt = { action: 's3:ListAllMyBuckets', resource: '*' }
  const answer = await callS3({ aws, access, attempt, region }, (client, options) =>
    client.listBuckets(query, options),
  )
  // Even an account without buckets has the element: what came was no list.
  if (!answer.Buckets) throw new AppError('s3.unavailable', { details: { problem: 'no list of buckets' } })
  return {
    buckets: answer.Buckets.map(({ Name = '', BucketRegion, CreationDate }) => ({
      name: Name,
      region: BucketRegion,
      createdAt: CreationDate,
    })),
    nextToken: answer.ContinuationToken || undefined,
  }
}
