import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import packaged, { inflate } from '@sparticuz/chromium'
import { type BrowserServer, chromium } from 'playwright-core'

/**
 * Of the package's own arguments none is used: they are made for AWS Lambda, and some would make the tests lie
 * (`--disable-web-security`) or end the browser with its first context (`--single-process`). Playwright itself
 * switches off what would call home.
 */
const args = ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none', '--no-pings']

const packageRoot = join(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')), '..')
const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }

/** A folder for this version and user, below the temp directory: nobody else's file of that name can be in the way. */
const unpackedFolder = join(tmpdir(), `chromium-${version}-${userInfo().uid}`)

/** Runs `work` while the package takes `folder` for the temp directory, which is where it unpacks to. */
async function withTempDirectory<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const before = process.env.TMPDIR
  process.env.TMPDIR = folder
  try {
    return await work()
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
}

function isUnpacked(): boolean {
  const mark = statSync(join(unpackedFolder, 'complete'), { throwIfNoEntry: false })
  return mark?.uid === userInfo().uid
}

/** Unpacks Chromium, a font and the libraries it needs, once: aside, then moved, so that half of it is never used. */
async function unpack(): Promise<void> {
  if (isUnpacked()) return
  const aside = mkdtempSync(join(tmpdir(), 'chromium-unpacking-'))
  await withTempDirectory(aside, async () => {
    await packaged.executablePath()
    await inflate(join(packageRoot, 'bin', 'al2023.tar.br'))
  })
  const fonts = join(aside, 'fonts', 'fonts.conf')
  writeFileSync(fonts, readFileSync(fonts, 'utf8').replaceAll('/tmp/fonts', join(unpackedFolder, 'fonts')))
  writeFileSync(join(aside, 'complete'), '')
  try {
    renameSync(aside, unpackedFolder)
  } catch (error) {
    // Another run was faster.
    rmSync(aside, { recursive: true })
    if (!isUnpacked()) throw error
  }
}

const launch = (env: Record<string, string> = {}): Promise<BrowserServer> =>
  chromium.launchServer({
    executablePath: join(unpackedFolder, 'chromium'),
    args,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: unpackedFolder,
      // Else it would save no file under a name in other than ASCII.
      LANG: 'C.UTF-8',
      FONTCONFIG_PATH: join(unpackedFolder, 'fonts'),
      ...env,
    },
  })

/** Starts the headless Chromium of the npm package. Nothing of it needs to be installed on the machine. */
export async function launchChromium(): Promise<BrowserServer> {
  await unpack()
  try {
    return await launch()
  } catch (error) {
    if (!String(error).includes('error while loading shared libraries')) throw error
    return launch({ LD_LIBRARY_PATH: join(unpackedFolder, 'al2023', 'lib') })
  }
}
