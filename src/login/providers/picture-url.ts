import { isIP } from 'node:net'

const internalName =
  /^(localhost|[^.]+)$|\.(localhost|local|internal|home|lan|corp|test|invalid|example|onion)$/

/**
 * A profile picture's URL if a person's browser may be sent there: https and a public name, or the provider's own
 * origin. A profile could otherwise make browsers call addresses of the network that they stand in.
 */
export function safePictureUrl(picture: unknown, providerUrl = ''): string | undefined {
  const url = typeof picture === 'string' && picture.length <= 2048 ? URL.parse(picture) : null
  if (!url || url.username || url.password) return undefined
  if (url.origin === URL.parse(providerUrl)?.origin) return url.href
  const host = url.hostname.replace(/\.$/, '')
  // The host ends up in a Content-Security-Policy, where `*`, `;` and `,` have a meaning.
  const publicName = /^[a-z0-9.-]+$/.test(host) && isIP(host) === 0 && !internalName.test(host)
  return url.protocol === 'https:' && url.port === '' && publicName ? url.href : undefined
}
