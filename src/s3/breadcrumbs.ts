import { visible } from '../visible.ts'
import { folderHref } from './links.ts'

/** One step on the way to a folder; without an address it is where one stands. */
interface Breadcrumb {
  name: string
  href: string | undefined
}

/** How many of the nearest folders are named; what lies between them and the bucket becomes `…`. */
const nearest = 6

/** What stands between two slashes of a key, for people. S3 has no folders, and so allows what is no name elsewhere. */
export function segmentName(segment: string): string {
  if (segment === '') return '(no name)'
  return /^\.\.?$/.test(segment) ? `${segment} (literally)` : visible(segment)
}

/**
 * The way to the folder that `prefix` names, or begins in.
 * @param root where it starts: a folder above; default the bucket
 */
export function breadcrumbs(
  bucket: string,
  prefix: string,
  root: { name: string; prefix: string } = { name: visible(bucket), prefix: '' },
): Breadcrumb[] {
  const segments = prefix.slice(root.prefix.length).split('/').slice(0, -1)
  const crumbs = segments.map((segment, index) => ({
    name: segmentName(segment),
    href: folderHref(bucket, `${root.prefix}${segments.slice(0, index + 1).join('/')}/`),
  }))
  const way = [
    { name: root.name, href: folderHref(bucket, root.prefix) },
    ...(crumbs.length > nearest ? [{ name: '…', href: undefined }] : []),
    ...crumbs.slice(-nearest),
  ]
  const isInFolder = prefix === '' || prefix.endsWith('/')
  return way.map((one, index) => (isInFolder && index === way.length - 1 ? { ...one, href: undefined } : one))
}
