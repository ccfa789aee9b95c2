import { startApplication } from '../contenders.ts'
import { measure, warmUp } from '../measure.ts'
import { plot } from '../plot.ts'
import { figure, type Row } from '../report.ts'

/** How long the bucket page takes in accounts of different sizes. */
export const growthBuckets: Row = {
  name: 'growth-buckets',
  title: 'how the time of the bucket page grows with the account',
  async run(stage) {
    const application = await startApplication(stage)
    const headers = [await stage.signIn(application.origin)]
    const work = { kind: 'page', path: '/s3/', status: 200, headers, concurrency: 1 } as const
    // The larger the account, the more code runs.
    await stage.setUpstream({ delayMs: 0, buckets: 10_000 })
    await warmUp(stage.quick, application, { ...work, concurrency: 8 })
    const found = []
    for (const buckets of [1, 10, 100, 1_000, 10_000]) {
      await stage.setUpstream({ delayMs: 0, buckets })
      found.push({ buckets, ...(await measure(application, { ...work, count: stage.quick ? 5 : 500 })) })
    }
    return {
      bars: [],
      tables: [
        {
          head: ['buckets', 'median ms', 'p99 ms', 'CPU ms'],
          rows: found.map(({ buckets, latencyMs, cpuMsEach }) =>
            [buckets, latencyMs.median, latencyMs.p99, cpuMsEach].map(figure),
          ),
        },
      ],
      plots: {
        buckets: plot({
          title: 'Time of the bucket page over buckets',
          xLabel: 'buckets in the account',
          yLabel: 'milliseconds, upstream delay 0',
          series: [
            { name: 'p99', points: found.map(({ buckets, latencyMs }) => [buckets, latencyMs.p99]) },
            { name: 'median', points: found.map(({ buckets, latencyMs }) => [buckets, latencyMs.median]) },
            {
              name: 'CPU of the server',
              points: found.map(({ buckets, cpuMsEach }) => [buckets, cpuMsEach]),
            },
          ],
        }),
      },
    }
  },
}
