import type { Request, RequestHandler, Response } from 'express'
import type { AwsClients } from '../aws-client.ts'
import { isBucketName } from '../config.ts'
import { AppError } from '../errors.ts'
import type { Log } from '../observe/log.ts'
import { logFailure } from '../observe/log-failure.ts'
import { limitRequestTo, requestContext } from '../request-context.ts'
import type { SignedIn, WithAccess } from '../session/signed-in.ts'
import { isoDay, utcDay } from '../utc.ts'
import { visible } from '../visible.ts'
import { bucketNamed } from './bucket-name.ts'
import { type BucketColumn, type BucketOrder, readOrder, sortBuckets, writeOrder } from './bucket-order.ts'
import { bucketsHref, folderHref } from './links.ts'
import { type Bucket, type BucketPage, listBuckets } from './list-buckets.ts'
import { countOf, pagerFor } from './pager.ts'
import { type Place, readPlace } from './place.ts'
import { type SignedInParts, signedInView } from './signed-in-view.ts'

/** All that a page may wait for the provider, STS and S3, in milliseconds. */
const pageDeadlineMs = 15_000

/** What the address asks for. */
interface BucketsAsked {
  place: Place
  order: BucketOrder
  prefix: string
  region: string | undefined
}

function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean)
  return [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => (word ? (Array.from(word)[0] ?? '') : ''))
    .join('')
    .toUpperCase()
}

const bucketRow = ({ name, region, createdAt }: Bucket) => ({
  name: visible(name),
  href: isBucketName(name) ? folderHref(name) : undefined,
  region: region && visible(region),
  createdIso: createdAt && isoDay(createdAt),
  created: createdAt && utcDay(createdAt),
})

const presetRow = (name: string) => ({ name, href: folderHref(name) })

/** The head of a column: which order its link asks for, and which one the list is in. */
function columnHead({ order, prefix, region }: BucketsAsked, column: BucketColumn, canSort: boolean) {
  const isCurrent = order.column === column
  const next: BucketOrder = { column, descending: isCurrent && !order.descending }
  return {
    sorted: isCurrent ? (order.descending ? 'descending' : 'ascending') : undefined,
    href: canSort
      ? bucketsHref([
          ['prefix', prefix || undefined],
          ['region', region],
          ['sort', writeOrder(next)],
        ])
      : undefined,
  }
}

/** The list, its order, its pages and its filter. */
function listView(asked: BucketsAsked, { buckets, nextToken }: BucketPage) {
  const { place, prefix, region } = asked
  const isWhole = place.first === 1 && nextToken === undefined
  const order = isWhole ? asked.order : readOrder(undefined)
  const rows = sortBuckets(buckets, order).map(bucketRow)
  const head = (column: BucketColumn) =>
    columnHead({ ...asked, order }, column, isWhole && buckets.length > 1)
  return {
    buckets: rows,
    summary: countOf('bucket', place, buckets.length, nextToken),
    columns: { name: head('name'), region: head('region'), created: head('created') },
    orderNote: !isWhole,
    pager: pagerFor(place, { count: buckets.length, nextToken }, (parameters) =>
      bucketsHref([['prefix', prefix || undefined], ['region', region], ...parameters]),
    ),
    filter: {
      prefix,
      region,
      regions: [...new Set(buckets.flatMap((bucket) => bucket.region ?? []))].sort(),
      isOn: prefix !== '' || region !== undefined,
      clearHref: bucketsHref(),
    },
  }
}

/** What the credentials are, without what makes them worth stealing. */
function passView({ access }: SignedIn, provider: string) {
  return {
    provider,
    role: {
      name: access.roleArn.split('/').at(-1),
      arn: access.assumedRoleArn,
      sessionName: access.roleSessionName,
    },
    accessKeyId: access.accessKeyId,
  }
}

function personView({ person }: SignedIn) {
  const displayName = visible(person.name ?? person.email ?? person.subject)
  return {
    displayName,
    email: person.email && visible(person.email),
    pictureUrl: person.pictureUrl,
    initials: initials(displayName),
  }
}

/** @throws AppError `s3.request_invalid` */
function readAsked(query: Record<string, unknown>): BucketsAsked {
  const { prefix = '', region, sort } = query
  if (typeof prefix !== 'string' || prefix.length > 255) throw new AppError('s3.request_invalid')
  const isRegion = typeof region === 'string' && /^([a-z]{2}(-[a-z]+)+-\d)?$/.test(region)
  if (region !== undefined && !isRegion) throw new AppError('s3.request_invalid')
  return {
    place: readPlace(query),
    order: readOrder(sort),
    prefix,
    region: isRegion ? region || undefined : undefined,
  }
}

/** Why there is no list, where the role may not ask for one. */
function deniedView({ code, status, details }: AppError) {
  const { deniedAction, deniedBecause, deniedBySession, allowingStatement } = details
  return {
    denied: {
      action: deniedAction,
      because: deniedBecause,
      bySession: deniedBySession,
      statement: allowingStatement,
    },
    reference: { code, status, requestId: requestContext()?.requestId },
  }
}

/** What the page needs from other rooms. */
interface BucketsPageParts extends SignedInParts {
  aws: AwsClients
  /** Names that are offered whatever S3 lists. */
  presetBuckets: string[]
  withAccess: WithAccess
  providerName: (id: string) => string
  allowPictureFrom: (res: Response, pictureUrl: string) => void
  log: Log
}

/**
 * `GET /s3/`: the buckets that the signed-in person's credentials open, page by page; where they open no list, a way
 * to buckets known by name. `?bucket=` goes to one.
 */
export function bucketsPage(parts: BucketsPageParts): RequestHandler {
  const { aws, presetBuckets, withAccess, providerName, allowPictureFrom, log } = parts

  /** A denied list is no failure of the page for a person who can go on by name; a program is told. */
  const listOrDenial = async (req: Request, me: SignedIn, asked: BucketsAsked) => {
    const { prefix, region, place } = asked
    try {
      return listView(asked, await listBuckets(aws, me.access, { prefix, region, token: place.token }))
    } catch (error) {
      const isDenial = error instanceof AppError && error.code === 's3.access_denied'
      if (!isDenial || req.accepts(['html', 'json']) === 'json') throw error
      logFailure(log, error)
      return deniedView(error)
    }
  }

  return async function bucketsPage(req, res) {
    if (req.query.bucket !== undefined) {
      res.redirect(303, folderHref(bucketNamed(String(req.query.bucket).trim())))
      return
    }
    const asked = readAsked(req.query)
    limitRequestTo(pageDeadlineMs)
    const { me, list } = await withAccess(req, async (me) => {
      Object.assign(res.locals, signedInView(me, parts))
      return { me, list: await listOrDenial(req, me, asked) }
    })
    if (me.person.pictureUrl) allowPictureFrom(res, me.person.pictureUrl)
    res.status('denied' in list ? 403 : 200).render('buckets', {
      title: 'Your buckets',
      person: personView(me),
      ...passView(me, providerName(me.person.providerId)),
      presets: presetBuckets.map(presetRow),
      ...list,
    })
  }
}
