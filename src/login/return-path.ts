/** Where a signed-in person goes who asked for nothing in particular. */
export const homePath = '/s3/'

const flowPath = '/flow'
/**
 * Characters. It stands in the redirect to the login page, percent-encoded once more, and sealed in the attempt's
 * cookie beside the redirect to the provider: nginx, as it comes, answers 502 where the headers take more than 4 KiB.
 */
const longest = 1100

/** The folder, or the nearest above it that fits. A key is up to 1,024 bytes, and each byte up to three characters. */
function nearestFolder({ pathname, searchParams }: URL): string {
  const [bucket = homePath] = /^\/s3\/[^/]+\//.exec(pathname) ?? []
  const folders = (searchParams.get('prefix') ?? searchParams.get('key') ?? '').split('/').slice(0, -1)
  for (; folders.length > 0; folders.pop()) {
    const path = `${bucket}?${new URLSearchParams({ prefix: `${folders.join('/')}/` })}`
    if (path.length <= longest) return path
  }
  return bucket.length <= longest ? bucket : homePath
}

/**
 * Takes a return path only if it is one of our signed-in pages, written plainly; anything else becomes the home
 * page, and what is too long the nearest folder above. Nothing that a browser could read as another origin starts
 * like these paths.
 */
export function returnPath(wanted: unknown): string {
  if (typeof wanted !== 'string') return homePath
  if (wanted === flowPath) return flowPath
  if (!wanted.startsWith('/s3/') || /[^\x21-\x7e]|\\/.test(wanted)) return homePath
  const base = 'http://base.invalid'
  const url = URL.parse(wanted, base)
  if (url?.origin !== base || !url.pathname.startsWith('/s3/')) return homePath
  // Only now has everything been percent-encoded.
  const path = url.pathname + url.search
  return path.length > longest ? nearestFolder(url) : path
}
