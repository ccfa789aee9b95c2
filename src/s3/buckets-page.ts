import type { Request, RequestHandler, Response } from 'express'
import type { AwsClients } from '../aws-client.ts'
import { AppError } from '../errors.ts'
import { limitRequestTo } from '../request-context.ts'
import { accessEndsAt, type SessionTimes, type SignedIn } from '../session/signed-in.ts'
import { accessClock } from './access-clock.ts'
import { type Bucket, type BucketPage, listBuckets } from './list-buckets.ts'

/** All that a page may wait for the provider, STS and S3, in milliseconds. */
const pageDeadlineMs = 15_000

const utcDate = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' })

function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean)
  return [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => (word ? (Array.from(word)[0] ?? '') : ''))
    .join('')
    .toUpperCase()
}

const bucketRow = ({ name, region, createdAt }: Bucket) => ({
  name,
  region,
  createdIso: createdAt?.toISOString(),
  created: createdAt && utcDate.format(createdAt),
})

function summary({ buckets, nextToken }: BucketPage, first: number): string {
  if (first === 1 && nextToken === undefined)
    return buckets.length === 1 ? '1 bucket' : `${buckets.length} buckets`
  return buckets.length === 0 ? 'No more buckets' : `Buckets ${first} to ${first + buckets.length - 1}`
}

/** What the page shows. Of the credentials, only the access key's id and the expiry. */
function viewModel(me: SignedIn, endsAt: number, provider: string, page: BucketPage, first: number) {
  const { person, access, csrfToken } = me
  const displayName = person.name ?? person.email ?? person.subject
  const next =
    page.nextToken &&
    new URLSearchParams({ token: page.nextToken, first: String(first + page.buckets.length) })
  return {
    title: 'Your buckets',
    signedIn: { displayName },
    person: {
      displayName,
      email: person.email,
      pictureUrl: person.pictureUrl,
      initials: initials(displayName),
    },
    provider,
    role: {
      name: access.roleArn.split('/').at(-1),
      arn: access.assumedRoleArn,
      sessionName: access.roleSessionName,
    },
    accessKeyId: access.accessKeyId,
    access: accessClock(endsAt, Date.now()),
    buckets: page.buckets.map(bucketRow),
    summary: summary(page, first),
    previousHref: first > 1 ? '/s3/' : undefined,
    nextHref: next ? `/s3/?${next}` : undefined,
    csrf: csrfToken,
  }
}

/** The continuation token and the number of its first bucket, as our own links carry them. */
function pageAsked(query: Record<string, unknown>): { token: string | undefined; first: number } {
  const { token, first = '1' } = query
  if (token === undefined) return { token: undefined, first: 1 }
  if (typeof token !== 'string' || token.length > 1024) throw new AppError('s3.request_invalid')
  if (typeof first !== 'string' || !/^[1-9]\d{0,6}$/.test(first)) throw new AppError('s3.request_invalid')
  return { token, first: Number(first) }
}

/** What the page needs from other rooms. */
interface BucketsPageParts {
  aws: AwsClients
  times: SessionTimes
  /** Runs work with access that is good, or sends the person to sign in. */
  withAccess: <T>(req: Request, work: (me: SignedIn) => Promise<T>) => Promise<T>
  providerName: (id: string) => string
  allowPictureFrom: (res: Response, pictureUrl: string) => void
}

/** `GET /s3/`: the buckets that the signed-in person's credentials open, page by page. */
export const bucketsPage =
  ({ aws, times, withAccess, providerName, allowPictureFrom }: BucketsPageParts): RequestHandler =>
  async (req, res) => {
    const { token, first } = pageAsked(req.query)
    limitRequestTo(pageDeadlineMs)
    const { me, page } = await withAccess(req, async (me) => ({
      me,
      page: await listBuckets(aws, me.access, token),
    }))
    if (me.person.pictureUrl) allowPictureFrom(res, me.person.pictureUrl)
    const endsAt = accessEndsAt(me, times, Date.now())
    res.render('buckets', viewModel(me, endsAt, providerName(me.person.providerId), page, first))
  }
