import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { isInstalled } from './processes.ts'

const programs = ['ceph', 'ceph-mon', 'ceph-osd', 'monmaptool', 'radosgw', 'radosgw-admin', 'setpriv']

// `npm run test:ceph`: runs the tests against Ceph where it is installed, and says so where it is not.
const missing = programs.filter((program) => !isInstalled(program))
if (missing.length > 0) {
  console.log(`NOT RUN: the tests against Ceph's RADOS Gateway. Not installed: ${missing.join(', ')}`)
  console.log('On Debian: apt-get install --no-install-recommends radosgw ceph-mon ceph-osd')
} else {
  const root = join(import.meta.dirname, '..', '..')
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--config', 'vitest.ceph.config.ts'], {
    cwd: root,
    stdio: 'inherit',
  })
  process.exitCode = status ?? 1
}
