import { join } from 'node:path'
import { startApplication } from '../contenders.ts'
import { type Contender, compare, ratio, ratioByClock } from '../measure.ts'
import { BenchProcess, cores } from '../processes.ts'
import { redisMissing, startRedis } from '../redis.ts'
import { comparison, type Row } from '../report.ts'
import type { Stage } from '../stage.ts'

/** So many instances that share their sessions in Redis, behind a proxy that takes them in turn. */
async function startInstances(stage: Stage, count: number, redisUrl: string): Promise<Contender> {
  const instances = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      startApplication(stage, {
        environment: { SESSION_STORE: redisUrl },
        core: cores.servers[index % cores.servers.length] ?? cores.server,
      }),
    ),
  )
  const balancer = new BenchProcess({
    command: [process.execPath, join(import.meta.dirname, '..', 'balancer.ts')],
    core: cores.load,
    answers: true,
  })
  const ports = instances.map(({ origin }) => Number(new URL(origin).port))
  const origin = await balancer.ask<string>('balance', ports)
  return {
    name: count === 1 ? 'one instance' : `${count} instances`,
    warmUpSeconds: 10 * count,
    cpuMs: () => instances.reduce((sum, instance) => sum + instance.cpuMs(), 0),
    run: (work) => stage.load({ origin, work }),
  }
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
    const four = await startInstances(stage, 4, url)
    const one = await startInstances(stage, 1, url)
    const results = await compare(stage.quick, [four, one], {
      kind: 'sign-in',
      codes: 'shared',
      concurrency: 32,
    })
    const [ofFour, ofOne] = results
    if (!ofFour || !ofOne) throw new Error('nothing was measured')
    const cpu = 1 / ratio(ofFour, ofOne)
    const throughput = ratioByClock(ofFour, ofOne)
    const hasCores = cores.servers.length >= 4
    return {
      bars: [
        { ...bars[0], measured: `${cpu.toFixed(2)} x`, met: cpu <= 1.1 },
        {
          ...bars[1],
          measured: `${throughput.toFixed(2)} x on ${cores.servers.length} cores${hasCores ? '' : ', too few to tell'}`,
          met: hasCores ? throughput >= 3.6 : undefined,
        },
      ],
      tables: [comparison(results, 'sign-ins')],
    }
  },
}
