import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import express, { Router } from 'express'

/** Path below which `public/` is served. */
export const assetsPath = '/assets'

/** Of all sheets in `css/`. */
const styleSheet = 'style.css'
/** What the others build on; among those the order does not matter. */
const firstSheets = ['tokens.css', 'base.css', 'layout.css']

/** The sheets of `folder` as one: a file for each part of a page to write, one request for all of them to read. */
function joinSheets(folder: string): string {
  const others = readdirSync(folder).filter((name) => !firstSheets.includes(name))
  return [...firstSheets, ...others.sort()].map((name) => readFileSync(join(folder, name), 'utf8')).join('\n')
}

/** What pages are made of besides HTML. */
interface Assets {
  /** Address of a file below `public/`, or of `style.css`; content hash included. */
  address: (path: string) => string
  /** Answers below `assetsPath`. */
  serve: Router
}

/** Reads the assets in `folder`. */
export function readAssets(folder: string): Assets {
  const sheet = joinSheets(join(folder, 'css'))
  const known = new Map<string, string>()
  const hashed = (path: string) => {
    const content = path === styleSheet ? sheet : readFileSync(join(folder, path))
    const hash = createHash('sha256').update(content).digest('base64url').slice(0, 10)
    return `${assetsPath}/${path}?v=${hash}`
  }
  return {
    address(path) {
      const address = known.get(path) ?? hashed(path)
      known.set(path, address)
      return address
    },
    serve: Router()
      .get(`/${styleSheet}`, (_req, res) => {
        res.set('Cache-Control', 'public, max-age=31536000, immutable').type('css').send(sheet)
      })
      // For ever, too, since addresses change with what is there.
      .use(express.static(folder, { immutable: true, maxAge: '1y', index: false, redirect: false })),
  }
}
