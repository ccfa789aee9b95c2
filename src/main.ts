import { enableCompileCache, flushCompileCache } from 'node:module'
import { join } from 'node:path'

// Reading and compiling some hundred modules is most of a start; what is kept of it saves a third of the next one. Where
// the folder cannot be written, nothing is kept.
enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'node'))

const { prepared } = await import('./serve.ts')
void prepared.then(flushCompileCache)
