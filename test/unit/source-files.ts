import { globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

/** One import of one file. */
export interface Import {
  /** Path of a file of ours from the root of the repository, or the name of a package. */
  to: string
  /** As written. */
  specifier: string
  typeOnly: boolean
  /** Whether it is loaded only when the code comes there. */
  onDemand: boolean
}

/** One source file. */
export interface SourceFile {
  /** From the root of the repository, with forward slashes. */
  path: string
  text: string
  imports: Import[]
}

const root = join(import.meta.dirname, '../..')

const statement =
  /^\s*(?:import|export)\s+(type\s)?(?:([^'";]*?)\sfrom\s+)?'([^']+)'|\bimport\(\s*['"`]([^'"`]+)['"`]/gm

/** Whether everything between the braces is marked as a type. */
const onlyTypes = (clause: string): boolean => {
  const [, names] = /^\s*\{([^}]*)\}\s*$/.exec(clause) ?? []
  return names?.split(',').every((name) => !name.trim() || /^\s*type\s/.test(name)) ?? false
}

function importsOf(path: string, text: string): Import[] {
  return [...text.matchAll(statement)].map(([, type, clause = '', fixed, dynamic]) => {
    const specifier = fixed ?? dynamic ?? ''
    const to = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier
    const typeOnly = type !== undefined || onlyTypes(clause)
    return { to, specifier, typeOnly, onDemand: dynamic !== undefined }
  })
}

/** The TypeScript files below `folder`. */
export function sourceFiles(folder: string): SourceFile[] {
  return globSync(`${folder}/**/*.ts`, { cwd: root })
    .map((found) => found.replaceAll('\\', '/'))
    .sort()
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8')
      return { path, text, imports: importsOf(path, text) }
    })
}

/** A file of the repository, parsed as JSON. */
export const readJson = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'))
