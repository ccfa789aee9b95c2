import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const templates = globSync('views/**/*.ejs', { cwd: root })

/** What pages and including templates hand over stands in these. */
const handingOver = [
  ...globSync('src/**/*.ts', { cwd: root }).map(read),
  ...templates.flatMap((path) => read(path).match(/include\('[^']+', \{[^}]*\}/g) ?? []),
].join('\n')

const declaration = /^<% const \{ (.+) \} = locals -%>\n/

describe('what a template takes', () => {
  it.each(templates)('is handed over, and used: %s', (path) => {
    const text = read(path)
    const names = declaration.exec(text)?.[1]?.split(', ') ?? []
    const body = text.replace(declaration, '')
    const idle = names.filter((name) => !new RegExp(`\\b${name}\\b`).test(body))
    // Nobody would miss what is never handed over: strict templates fail only on names that they do not take.
    const missing = names.filter((name) => !new RegExp(`\\b${name}\\b`).test(handingOver))
    expect({ idle, missing }).toEqual({ idle: [], missing: [] })
  })
})
