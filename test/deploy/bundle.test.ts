import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundle, bundled } from '../../tools/bundle.ts'
import { readZip } from './read-zip.ts'
import { readYaml } from './template.ts'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)

const { option_settings } = readYaml<{ option_settings: Record<string, Record<string, string>> }>(
  '.ebextensions/application.config',
)
const placeholders = {
  ...option_settings['aws:elasticbeanstalk:application:environment'],
  // A CloudFormation function there.
  AWS_REGION: 'eu-west-1',
}

describe('bundle', () => {
  it('has what production needs at its top, and nothing else', async () => {
    const files = readZip(await bundle(root))
    expect([...new Set(files.map(({ name }) => name.split('/')[0]))].sort()).toEqual(bundled)
    expect(bundled).toEqual([
      '.ebextensions',
      '.platform',
      'Procfile',
      'package-lock.json',
      'package.json',
      'public',
      'src',
      'views',
    ])
  })

  it('has no test, secret, database or hidden file', async () => {
    const names = readZip(await bundle(root)).map(({ name }) => name)
    expect(
      names.filter((name) => /\.(test|spec)\.|\.env|\.sqlite|\.pem$|\.key$|node_modules/.test(name)),
    ).toEqual([])
    expect(names.filter((name) => /\/\./.test(name))).toEqual([])
  })

  it('is the same, byte for byte, from two copies of the files', async () => {
    const first = await bundle(root)
    const copy = await mkdtemp(join(tmpdir(), 'bundle-'))
    try {
      // Written anew, in another order, today.
      await unpack(first, copy, (files) => files.toReversed())
      expect((await bundle(copy)).equals(first)).toBe(true)
    } finally {
      await rm(copy, { recursive: true })
    }
  })

  it('says the same of every file: a plain one, of one time', async () => {
    const files = readZip(await bundle(root))
    expect(new Set(files.map(({ mode }) => mode.toString(8)))).toEqual(new Set(['100644']))
    expect(new Set(files.map(({ modified }) => modified))).toEqual(new Set(['1980-01-01 00:00:00']))
  })
})

describe('a bundle unpacked and installed without development dependencies', () => {
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'deployed-'))
    await unpack(await bundle(root), folder)
    await run('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: folder })
  }, 120_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  /** The application as the platform starts it, with this environment and no other. */
  async function start(environment: Record<string, string>) {
    const procfile = await readFile(join(folder, 'Procfile'), 'utf8')
    const [, script = ''] = /^web: node (\S+)$/m.exec(procfile) ?? []
    const child = spawn(process.execPath, [script], { cwd: folder, env: { ...environment, PORT: '0' } })
    const errors: string[] = []
    child.stderr.on('data', (chunk) => errors.push(String(chunk)))
    for await (const line of createInterface(child.stdout)) {
      const { msg, port } = JSON.parse(line)
      if (msg === 'listening') return { child, url: `http://127.0.0.1:${port}` }
    }
    throw new Error(`ended before it listened: ${errors.join('')}`)
  }

  it.each([
    ['an empty environment', {}],
    ['the placeholders of a new Elastic Beanstalk environment', placeholders],
  ])('is healthy with %s, and its login page says that nothing is configured', async (_, environment) => {
    const { child, url } = await start(environment)
    try {
      // As a balancer asks: by address, without a cookie, over plain HTTP.
      const health = await fetch(`${url}/healthz`, { headers: { 'user-agent': 'ELB-HealthChecker/2.0' } })
      expect(health.status).toBe(200)
      expect(await (await fetch(url)).text()).toContain('No identity provider is configured')
    } finally {
      child.kill('SIGTERM')
    }
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})

type Files = ReturnType<typeof readZip>

async function unpack(zip: Buffer, folder: string, order: (files: Files) => Files = (files) => files) {
  for (const { name, content } of order(readZip(zip))) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
}
