import type { Request, RequestHandler } from 'express'
import type { AwsClients } from '../aws-client.ts'
import { AppError } from '../errors.ts'
import { limitRequestTo } from '../request-context.ts'
import type { WithAccess } from '../session/signed-in.ts'
import { utcMinute } from '../utc.ts'
import { visible } from '../visible.ts'
import { breadcrumbs, segmentName } from './breadcrumbs.ts'
import { bucketNamed } from './bucket-name.ts'
import { exactSize, fileSize } from './file-size.ts'
import { type Folder, homeOf } from './home.ts'
import { downloadHref, folderHref } from './links.ts'
import { listObjects, type ObjectPage, type ObjectQuery, type StoredObject } from './list-objects.ts'
import { countOf, pagerFor } from './pager.ts'
import { type Place, readPlace } from './place.ts'
import { type SignedInParts, signedInView } from './signed-in-view.ts'

/** All that a page may wait for the provider, STS and S3, in milliseconds. */
const pageDeadlineMs = 15_000

const longestKeyBytes = 1024

const folderRow = (bucket: string, folder: string) => ({
  name: `${segmentName(folder.split('/').at(-2) ?? '')}/`,
  href: folderHref(bucket, folder),
})

const fileRow = (bucket: string, { key, size, modifiedAt, storageClass, isArchived }: StoredObject) => ({
  name: segmentName(key.slice(key.lastIndexOf('/') + 1)),
  href: isArchived ? undefined : downloadHref(bucket, key),
  size: fileSize(size),
  exactSize: exactSize(size),
  modifiedIso: modifiedAt?.toISOString(),
  modified: modifiedAt && utcMinute(modifiedAt),
  storageClass: visible(storageClass),
})

/** What programs put into a folder to make it appear: an object of the folder's own name, with nothing in it. */
const isPlaceholder = ({ key, size }: StoredObject): boolean => key.endsWith('/') && size === 0

/** A way that starts in a folder of one's own: those above it are others', and would only be denied. */
function rootOf({ bucket, prefix }: ObjectsAsked, home: Folder | undefined) {
  const isBelow = home?.bucket === bucket && prefix.startsWith(home.prefix)
  return isBelow ? { name: 'My files', prefix: home.prefix } : undefined
}

function viewModel(
  asked: ObjectsAsked,
  { folders, objects, nextToken }: ObjectPage,
  home: Folder | undefined,
) {
  const { bucket, prefix, place } = asked
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  const files = objects.filter((one) => !isPlaceholder(one)).map((one) => fileRow(bucket, one))
  const count = folders.length + files.length
  const root = rootOf(asked, home)
  const way = breadcrumbs(bucket, prefix, root)
  const heading = way.at(-1)?.name ?? bucket
  return {
    title: heading,
    heading,
    here: root?.prefix === prefix ? 'files' : 'objects',
    breadcrumbs: way,
    folders: folders.map((folder) => folderRow(bucket, folder)),
    files,
    summary: countOf('item', place, count, nextToken),
    pager: pagerFor(place, { count, nextToken }, (parameters) => folderHref(bucket, prefix, parameters)),
    filter: {
      folder,
      name: prefix.slice(folder.length),
      action: folderHref(bucket),
      clearHref: folderHref(bucket, folder),
    },
  }
}

/** What the address asks for. */
interface ObjectsAsked extends ObjectQuery {
  place: Place
}

/** @throws AppError `s3.no_such_bucket`, `s3.request_invalid` */
function readAsked(req: Request): ObjectsAsked {
  const bucket = bucketNamed(req.params.bucket)
  // The filter's form sends the folder by itself.
  const { folder = '', prefix: rest = '' } = req.query
  const prefix = `${folder}${rest}`
  if (
    ![folder, rest].every((one) => typeof one === 'string') ||
    Buffer.byteLength(prefix) > longestKeyBytes
  ) {
    throw new AppError('s3.request_invalid')
  }
  const place = readPlace(req.query)
  return { bucket, prefix, token: place.token, place }
}

/** What the page needs from other rooms. */
interface ObjectsPageParts extends SignedInParts {
  aws: AwsClients
  withAccess: WithAccess
}

/** `GET /s3/:bucket/?prefix=`: the folders and files that lie in a folder of a bucket, page by page. */
export function objectsPage(parts: ObjectsPageParts): RequestHandler {
  const { aws, withAccess } = parts
  return async function objectsPage(req, res) {
    const asked = readAsked(req)
    limitRequestTo(pageDeadlineMs)
    const { me, page } = await withAccess(req, async (me) => {
      // Before S3 is asked: a page that says what S3 refuses is a signed-in person's, too.
      Object.assign(res.locals, signedInView(me, parts))
      return { me, page: await listObjects(aws, me.access, asked) }
    })
    res.render('objects', viewModel(asked, page, parts.home && homeOf(parts.home, me.person)))
  }
}
