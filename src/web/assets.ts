import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import express, { type RequestHandler } from 'express'

/** Path below which `public/` is served. */
export const assetsPath = '/assets'

/** Serves `folder`. A file may be kept for ever, since its address changes with its content. */
export const serveAssets = (folder: string): RequestHandler =>
  express.static(folder, { immutable: true, maxAge: '1y', index: false, redirect: false })

/** Returns a function from a file's path below `folder` to its address, content hash included. */
export function assetAddresses(folder: string): (path: string) => string {
  const known = new Map<string, string>()
  return (path) => {
    let address = known.get(path)
    if (address === undefined) {
      const hash = createHash('sha256')
        .update(readFileSync(join(folder, path)))
        .digest('base64url')
        .slice(0, 10)
      address = `${assetsPath}/${path}?v=${hash}`
      known.set(path, address)
    }
    return address
  }
}
