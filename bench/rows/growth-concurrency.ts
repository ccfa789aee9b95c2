import { startApplication } from '../contenders.ts'
import { measure, warmUp } from '../measure.ts'
import { plot } from '../plot.ts'
import { figure, type Row } from '../report.ts'

const delayMs = 50
/** Token, then profile and token check side by side, STS, S3. */
const chainMs = 4 * delayMs

/** How long a person waits when many come at once. */
export const growthConcurrency: Row = {
  name: 'growth-concurrency',
  title: `how the time of a sign-in grows with concurrency, ${delayMs} ms per upstream call`,
  async run(stage) {
    const application = await startApplication(stage)
    await stage.setUpstream({ delayMs: 0, buckets: 10 })
    await warmUp(stage.quick, application, { kind: 'sign-in', codes: 'warm', concurrency: 16 })
    await stage.setUpstream({ delayMs })
    const found = []
    for (const concurrency of stage.quick ? [1, 20] : [1, 3, 10, 30, 100, 300, 1_000]) {
      const count = stage.quick ? concurrency : Math.max(20, 2 * concurrency)
      const run = await measure(application, {
        kind: 'sign-in',
        codes: `grow-${concurrency}`,
        concurrency,
        count,
      })
      found.push({ concurrency, ...run })
    }
    return {
      bars: [],
      tables: [
        {
          head: ['at once', 'median ms', 'p99 ms', 'sign-ins per second', 'core busy'],
          rows: found.map(({ concurrency, latencyMs, perSecond, busy }) => [
            figure(concurrency),
            ...[latencyMs.median, latencyMs.p99, perSecond].map(figure),
            `${Math.round(100 * busy)} %`,
          ]),
        },
      ],
      plots: {
        concurrency: plot({
          title: 'Time of a whole sign-in over sign-ins at once',
          xLabel: 'sign-ins at once',
          yLabel: `milliseconds, ${delayMs} ms per upstream call`,
          series: [
            { name: 'p99', points: found.map(({ concurrency, latencyMs }) => [concurrency, latencyMs.p99]) },
            {
              name: 'median',
              points: found.map(({ concurrency, latencyMs }) => [concurrency, latencyMs.median]),
            },
            {
              name: `upstream chain, ${chainMs} ms`,
              points: found.map(({ concurrency }) => [concurrency, chainMs]),
            },
          ],
        }),
      },
    }
  },
}
