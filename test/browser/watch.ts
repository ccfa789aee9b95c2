import type { BrowserContext, ConsoleMessage, Request } from 'playwright-core'

/** Chromium's own words for a page that answered 4xx or 5xx: the page is the answer, and no failure. */
const errorPage = 'Failed to load resource: the server responded with a status of'

/**
 * Collects what must not happen on the pages of `origin`: errors in the console, where violations of the content
 * security policy are among them, uncaught exceptions, and requests to anybody else. The picture of a profile is
 * the one exception.
 */
export function watch(context: BrowserContext, origin: string): string[] {
  const complaints: string[] = []
  const pagesAsked = new Set<string>()

  const withoutFragment = (url: string) => url.split('#', 1)[0] ?? ''
  const isOurs = (url: string | undefined) => url !== undefined && new URL(url, origin).origin === origin
  const isNews = ({ type, text, location }: { type: string; text: string; location: string }) =>
    ['error', 'warning'].includes(type) &&
    !(text.startsWith(errorPage) && pagesAsked.has(withoutFragment(location)))

  context.on('console', (message: ConsoleMessage) => {
    const entry = { type: message.type(), text: message.text(), location: message.location().url }
    const page = message.page()?.url()
    if ((isOurs(page) || isOurs(entry.location)) && isNews(entry)) {
      complaints.push(`console on ${page}: ${entry.text}`)
    }
  })
  context.on('weberror', (error) => complaints.push(`exception: ${error.error().message}`))
  context.on('request', (request: Request) => {
    const url = request.url()
    if (request.isNavigationRequest()) {
      pagesAsked.add(withoutFragment(url))
      return
    }
    const picture = request.resourceType() === 'image' && new URL(url).pathname.startsWith('/pictures/')
    if (isOurs(request.frame().url()) && !isOurs(url) && !picture) {
      complaints.push(`request to ${url} on ${request.frame().url()}`)
    }
  })
  return complaints
}
