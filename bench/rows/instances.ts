import { join } from 'node:path'
import { type Server, startApplication, startBareSignIn } from '../contenders.ts'
import { type Contender, compare, ratio, ratioByClock } from '../measure.ts'
import { BenchProcess, cores } from '../processes.ts'
import { redisMissing, startRedis } from '../redis.ts'
import { comparison, type Row } from '../report.ts'
import type { Stage } from '../stage.ts'

const coreOf = (index: number): number => cores.servers[index % cores.servers.length] ?? cores.server

const startEach = (count: number, start: (core: number) => Promise<Server>): Promise<Server[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => start(coreOf(index))))

/** Servers as one contender, reached through `origins`. */
const together = (name: string, stage: Stage, servers: Server[], origins: string[]): Contender => ({
  name,
  processes: servers.length,
  // Long enough for all the sign-ins of the warm-up.
  warmUpSeconds: 30,
  cpuMs: () => servers.reduce((sum, server) => sum + server.cpuMs(), 0),
  run: (work) => stage.load({ origins, work }),
})

/** So many instances that share their sessions in Redis, behind a proxy that takes them in turn. */
async function startInstances(stage: Stage, count: number, redisUrl: string): Promise<Contender> {
  const servers = await startEach(count, (core) =>
    startApplication(stage, { environment: { SESSION_STORE: redisUrl }, core }),
  )
  const balancer = new BenchProcess({
    command: [process.execPath, join(import.meta.dirname, '..', 'balancer.ts')],
    core: cores.load,
    answers: true,
  })
  const ports = servers.map(({ origin }) => Number(new URL(origin).port))
  const origin = await balancer.ask<string>('balance', ports)
  return together(count === 1 ? 'one instance' : `${count} instances`, stage, servers, [origin])
}

/** As many bare references. Their sessions are in memory, so that each visitor stays with one, without a proxy. */
async function startControl(stage: Stage, count: number): Promise<Contender> {
  const servers = await startEach(count, (core) => startBareSignIn(stage, { core }))
  const origins = servers.map(({ origin }) => origin)
  return together(count === 1 ? 'control: one bare' : `control: ${count} bare`, stage, servers, origins)
}

/** Whether more instances do more work. */
export const instances: Row = {
  name: 'instances',
  title: 'four instances behind a round-robin proxy, sessions in Redis, against one',
  async run(stage) {
    const bars = [
      { work: 'CPU per sign-in of four instances against one', bar: '<= 1.1 x' },
      { work: 'sign-ins per second of four instances against one', bar: '>= 3.6 x' },
    ] as const
    if (redisMissing) {
      return {
        bars: bars.map((bar) => ({ ...bar, measured: redisMissing ?? '', met: undefined })),
        tables: [],
      }
    }
    await stage.setUpstream({ delayMs: 0, buckets: 10 })
    const { url } = await startRedis(stage)
    const results = await compare(
      stage.quick,
      [
        await startInstances(stage, 4, url),
        await startInstances(stage, 1, url),
        await startControl(stage, 4),
        await startControl(stage, 1),
      ],
      { kind: 'sign-in', codes: 'shared', concurrency: 32 },
    )
    const [four, one, fourBare, oneBare] = results
    if (!four || !one || !fourBare || !oneBare) throw new Error('nothing was measured')
    const cpu = 1 / ratio(four, one)
    const ofControl = 1 / ratio(fourBare, oneBare)
    const throughput = ratioByClock(four, one)
    const hasCores = cores.servers.length >= 4
    return {
      bars: [
        {
          ...bars[0],
          measured: `${cpu.toFixed(2)} x (control, four bare references against one: ${ofControl.toFixed(2)} x)`,
          met: cpu <= 1.1,
        },
        {
          ...bars[1],
          measured: `${throughput.toFixed(2)} x on ${cores.servers.length} cores${hasCores ? '' : ', too few to tell'}`,
          met: hasCores ? throughput >= 3.6 : undefined,
        },
      ],
      tables: [comparison(results, 'sign-ins')],
      notes: [
        'Every process does as much as the single one: 1,000 sign-ins before anything counts, and in each round, so that four have four times as long a round on one core. A process is slow at first and after a pause, and four that share the work of one would pay for that four times. The control is the bare reference of *sign-in*, four processes against one with the same visitors: what four programs that share a core cost each other by themselves.',
      ],
    }
  },
}
