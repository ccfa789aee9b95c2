import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { ZipFile } from 'yazl'

/** All that production needs. Dependencies are installed from the lock file by Elastic Beanstalk. */
export const bundled = [
  '.ebextensions',
  '.platform',
  'Procfile',
  'package-lock.json',
  'package.json',
  'public',
  'src',
  'views',
]

/** Paths of the files in `path`, which is a file or a folder, relative to `root` and with forward slashes. */
async function filesIn(root: string, path: string): Promise<string[]> {
  if (!(await stat(join(root, path))).isDirectory()) return [path]
  const entries = await readdir(join(root, path), { withFileTypes: true })
  const files = entries.map(async (entry) => {
    const inside = `${path}/${entry.name}`
    // .DS_Store, editors' swap files: what is hidden inside a folder is not ours.
    if (entry.name.startsWith('.')) return []
    if (entry.isDirectory()) return filesIn(root, inside)
    if (entry.isFile()) return [inside]
    throw new Error(`${inside} is neither a file nor a folder, and cannot be bundled`)
  })
  return (await Promise.all(files)).flat()
}

/**
 * The zip to deploy, made of the working folder `root`. The same files give the same bytes on every machine: names
 * sorted, one time and one mode for all, and nothing compressed, since compressed bytes depend on the zlib at hand.
 */
export async function bundle(root: string): Promise<Buffer> {
  const files = (await Promise.all(bundled.map((path) => filesIn(root, path)))).flat().sort()
  const zip = new ZipFile()
  for (const file of files) {
    zip.addBuffer(await readFile(join(root, file)), file, {
      // The zip format's earliest. It stores local time, hence no Date.UTC here.
      mtime: new Date(1980, 0, 1),
      forceDosTimestamp: true,
      mode: 0o100644,
      compress: false,
    })
  }
  zip.end()
  return buffer(zip.outputStream)
}

if (process.argv[1] === import.meta.filename) {
  const root = join(import.meta.dirname, '..')
  const { name, version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const zip = await bundle(root)
  const path = join(root, 'dist', `${name}-${version}.zip`)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, zip)
  console.log(`${relative(process.cwd(), path)}  ${zip.length} bytes`)
  console.log(`SHA-256 ${createHash('sha256').update(zip).digest('hex')}`)
}
