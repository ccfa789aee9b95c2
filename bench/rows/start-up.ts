import { startApplication } from '../contenders.ts'
import { figure, type Row, spread } from '../report.ts'
import { median } from '../statistics.ts'

/** From the start of the process to its first healthy answer. */
export const startUp: Row = {
  name: 'start-up',
  title: 'from `node src/main.ts` to the first answer of /healthz',
  async run(stage) {
    const milliseconds: number[] = []
    const cpuMs: number[] = []
    for (let round = 0; round < (stage.quick ? 1 : 11); round += 1) {
      const { origin, process } = await startApplication(stage)
      const { status } = await fetch(`${origin}/healthz`)
      if (status !== 200) throw new Error(`/healthz answered ${status}`)
      milliseconds.push(performance.now() - process.startedAt)
      cpuMs.push(process.cpuMs())
      await process.stop()
    }
    const middle = median(milliseconds)
    return {
      bars: [
        {
          work: `start-up to the first healthy answer, Node ${process.versions.node}`,
          bar: '< 500 ms',
          measured: `${figure(middle)} ms`,
          met: middle < 500,
        },
      ],
      tables: [
        {
          head: ['starts', 'ms by the clock', 'CPU ms'],
          rows: [[String(milliseconds.length), spread(milliseconds), spread(cpuMs)]],
        },
      ],
    }
  },
}
