import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Daemon, runProgram, until } from './processes.ts'

/** A running RADOS Gateway with a cluster of its own behind it. */
export interface Cluster {
  /** Origin of S3, STS and IAM: `http://127.0.0.1:41234`. */
  url: string
  /** Runs `radosgw-admin` against this cluster. */
  admin(...parameters: string[]): Promise<string>
  /** Ends every process and removes every file. */
  close(): Promise<void>
}

/** How long each step of the start may take, in milliseconds. */
const patienceMs = 60_000

/** Free ports of 127.0.0.1, each another one. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

/**
 * ceph.conf of a cluster that nobody else can reach, and that is thrown away: no authentication among its own parts,
 * one copy of everything, in memory, and a monitor that does not gather changes before it decides on them, which
 * makes the start six times as fast.
 */
const configuration = (folder: string, id: string, monitor: string, gatewayPort: number): string => `
[global]
fsid = ${id}
mon host = ${monitor}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
keyring = /dev/null
run dir = ${folder}
admin socket = ${folder}/$name.$pid.asok
log file = ${folder}/$name.log
mon data = ${folder}/mon
mon data avail crit = 0
mon allow pool size one = true
mon tick interval = 1
paxos propose interval = 0.02
paxos min wait = 0.01
osd data = ${folder}/osd
osd objectstore = memstore
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
rgw frontends = beast endpoint=127.0.0.1:${gatewayPort}
rgw s3 auth use sts = true
rgw sts key = ${id.slice(-16).replace('-', '0')}
rgw sts min session duration = 5
`

/** Whether the gateway answers; an unsigned request for the list of buckets gets an empty one. */
const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )

/** Starts monitor, object store and gateway in a folder of their own, on free ports of 127.0.0.1. */
export async function startCluster(): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'ceph-'))
  const [monitorPort = 0, gatewayPort = 0] = await freePorts(2)
  const id = randomUUID()
  const monitor = `[v2:127.0.0.1:${monitorPort}]`
  const url = `http://127.0.0.1:${gatewayPort}`
  const configurationFile = join(folder, 'ceph.conf')
  const environment = { CEPH_CONF: configurationFile }
  const run = (program: string, ...parameters: string[]) => runProgram(program, parameters, environment)
  const daemons: Daemon[] = []
  const start = (program: string, ...parameters: string[]): Daemon => {
    const daemon = new Daemon(program, ['-f', ...parameters], environment)
    daemons.push(daemon)
    return daemon
  }
  const close = async () => {
    await Promise.all(daemons.map((daemon) => daemon.kill()))
    await rm(folder, { recursive: true, force: true })
  }

  try {
    await writeFile(configurationFile, configuration(folder, id, monitor, gatewayPort))
    await mkdir(join(folder, 'osd'))
    const map = join(folder, 'monmap')
    await run('monmaptool', '--create', '--fsid', id, '--addv', 'a', monitor, map)
    await run('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map)
    start('ceph-mon', '-i', 'a')
    const store = randomUUID()
    await run('ceph', '--connect-timeout', String(patienceMs / 1000), 'osd', 'new', store)
    await run('ceph-osd', '--mkfs', '-i', '0', '--osd-uuid', store)
    start('ceph-osd', '-i', '0')
    const gateway = start('radosgw', '-n', 'client.gateway')
    await until(() => gateway.stillRuns() && answers(url), patienceMs, 'the gateway answers')
  } catch (error) {
    await close()
    throw error
  }
  return { url, admin: (...parameters) => run('radosgw-admin', ...parameters), close }
}
