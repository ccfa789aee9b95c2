import type { Express } from 'express'

/** How many addresses are remembered. Proxies are few; clients name what they like. */
const mostAddresses = 1_000

/**
 * Makes `app` believe the X-Forwarded-* of `proxies`: addresses and subnets, a number of hops, or nobody's. Which
 * addresses are meant is remembered, since every request asks several times and reading an address is dear.
 */
export function trustProxies(app: Express, proxies: string[] | number | false): void {
  app.set('trust proxy', proxies)
  if (typeof proxies === 'number') return
  const isTrusted: (address: string) => boolean = app.get('trust proxy fn')
  const known = new Map<string, boolean>()
  app.set('trust proxy', (address: string) => {
    const remembered = known.get(address)
    if (remembered !== undefined) return remembered
    if (known.size >= mostAddresses) known.clear()
    const trusted = isTrusted(address)
    known.set(address, trusted)
    return trusted
  })
}
