import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
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

const addressOf = (path: string, content: string | Buffer): string => {
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, 10)
  return `${assetsPath}/${path}?v=${hash}`
}

/** What pages are made of besides HTML. */
interface Assets {
  /** Address of a file below `public/`, or of `style.css`; content hash included. Throws where there is no such file. */
  address: (path: string) => string
  /** Answers below `assetsPath`. */
  serve: Router
}

/** Reads the assets in `folder`. */
export function readAssets(folder: string): Assets {
  const sheet = joinSheets(join(folder, 'css'))
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .map((path): [string, string] => [path, addressOf(path, readFileSync(join(folder, path)))])
  const addresses = new Map([...files, [styleSheet, addressOf(styleSheet, sheet)]])
  const current = new Set(addresses.values())
  return {
    address(path) {
      const address = addresses.get(path)
      if (address === undefined) throw new Error(`there is no ${path} in ${folder}`)
      return address
    },
    serve: Router()
      .use((req, res, next) => {
        // For ever under the address of this very content, and no other: that may be another release's.
        const isCurrent = current.has(req.originalUrl)
        res.set('Cache-Control', isCurrent ? 'public, max-age=31536000, immutable' : 'no-cache')
        next()
      })
      .get(`/${styleSheet}`, (_req, res) => {
        res.type('css').send(sheet)
      })
      .use(express.static(folder, { cacheControl: false, index: false, redirect: false })),
  }
}
