/** Where a signed-in person goes who asked for nothing in particular. */
export const homePath = '/s3/'

const flowPath = '/flow'
const longest = 512

/**
 * Takes a return path only if it is one of our signed-in pages, written plainly; anything else becomes the home
 * page. Nothing that a browser could read as another origin starts like these paths.
 */
export function returnPath(wanted: unknown): string {
  if (typeof wanted !== 'string' || wanted.length > longest) return homePath
  if (wanted === flowPath) return flowPath
  if (!wanted.startsWith('/s3/') || /[^\x21-\x7e]|\\/.test(wanted)) return homePath
  const base = 'http://base.invalid'
  const url = URL.parse(wanted, base)
  if (url?.origin !== base || !url.pathname.startsWith('/s3/')) return homePath
  // Only now has everything been percent-encoded.
  const path = url.pathname + url.search
  return path.length > longest ? homePath : path
}
