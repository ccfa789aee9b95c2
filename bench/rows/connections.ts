import { startApplication } from '../contenders.ts'
import { measure } from '../measure.ts'
import { figure, type Row } from '../report.ts'

const concurrency = 50

/** How many connections to provider and AWS a crowd of sign-ins opens. */
export const connections: Row = {
  name: 'connections',
  title: `upstream connections for 1,000 sign-ins, ${concurrency} at once`,
  async run(stage) {
    const count = stage.quick ? 100 : 1_000
    const found = []
    for (const delayMs of [0, 50]) {
      await stage.setUpstream({ delayMs, buckets: 10 })
      const application = await startApplication(stage)
      await measure(application, { kind: 'sign-in', codes: `connects-${delayMs}`, concurrency, count })
      const { connections, calls } = await stage.upstreamCounts()
      found.push({ delayMs, connections, calls })
      await application.process.stop()
    }
    return {
      bars: found.map(({ delayMs, connections }) => ({
        work: `upstream connections opened for ${figure(count)} sign-ins, ${concurrency} at once, ${delayMs} ms per call`,
        bar: `<= ${4 * concurrency}`,
        measured: String(connections),
        met: connections <= 4 * concurrency,
      })),
      tables: [
        {
          head: ['ms per call', 'connections', 'token', 'token check', 'profile', 'STS', 'S3'],
          rows: found.map(({ delayMs, connections, calls }) =>
            [delayMs, connections, calls.token, calls.tokeninfo, calls.profile, calls.sts, calls.s3].map(
              String,
            ),
          ),
        },
      ],
    }
  },
}
