import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** What a program prints; `undefined` where it is not installed. */
function said(file: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync(file, args, { cwd: root, encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

const packageVersion = (name: string): string =>
  JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version

const pythonVersions =
  'import flask, boto3, gunicorn, platform; print("Python", platform.python_version() + ", Flask", flask.__version__ + ", boto3", boto3.__version__ + ", gunicorn", gunicorn.__version__)'

/** Asked at the start, since rows redraw their plots meanwhile. */
const commit = said('git', 'describe', '--always', '--dirty', '--abbrev=10') ?? 'not a git checkout'

/** Where the figures come from: name and value. */
export function machine(): [name: string, value: string][] {
  const [cpu] = cpus()
  const packages = ['express', 'express-session', '@aws-sdk/client-s3', 'undici', 'ejs', 'helmet', 'pino']
  return [
    ['commit', commit],
    ['date', new Date().toISOString().slice(0, 16).replace('T', ' ')],
    [
      'machine',
      `${cpus().length} x ${cpu?.model}, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}`,
    ],
    [
      'load average at the end (1, 5, 15 minutes)',
      loadavg()
        .map((load) => load.toFixed(1))
        .join(', '),
    ],
    ['Node', process.versions.node],
    ['packages', packages.map((name) => `${name} ${packageVersion(name)}`).join(', ')],
    ['Flask peer', said('/usr/bin/python3', '-c', pythonVersions) ?? 'not installed'],
    ['Redis', said('redis-server', '--version')?.match(/v=(\S+)/)?.[1] ?? 'not installed'],
  ]
}
