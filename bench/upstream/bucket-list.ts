/** Answers that were made once, by account size and page. */
const ready = new Map<string, Buffer>()

const bucket = (index: number, withRegion: boolean): string => {
  const region = withRegion ? '<BucketRegion>us-east-1</BucketRegion>' : ''
  return `<Bucket><Name>bucket-${String(index).padStart(5, '0')}</Name>${region}<CreationDate>2024-05-06T07:08:09.000Z</CreationDate></Bucket>`
}

/**
 * ListBuckets' answer for an account of `total` buckets and the query of `url`. The continuation token is the number
 * of buckets before the page.
 * @see ListBuckets, Amazon S3 API reference
 */
export function bucketList(total: number, url: string): Buffer {
  const key = `${total} ${url}`
  const known = ready.get(key)
  if (known) return known
  const { searchParams } = new URL(url, 'http://s3.invalid')
  const first = Number(searchParams.get('continuation-token') ?? 0)
  const size = Number(searchParams.get('max-buckets') ?? total)
  const end = Math.min(total, first + size)
  const withRegion = searchParams.has('max-buckets')
  const buckets = Array.from({ length: end - first }, (_, index) => bucket(first + index, withRegion))
  const next = end < total ? `<ContinuationToken>${end}</ContinuationToken>` : ''
  const answer = Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Buckets>${buckets.join('')}</Buckets><Owner><ID>0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef</ID></Owner>${next}</ListAllMyBucketsResult>`,
  )
  ready.set(key, answer)
  return answer
}
