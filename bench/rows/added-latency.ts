import { startApplication, startBareSignIn, startOther } from '../contenders.ts'
import { measure, warmUp } from '../measure.ts'
import { type Bar, figure, type Row } from '../report.ts'
import { percentile } from '../statistics.ts'

const delayMs = 50

/** How long the calls that nobody can avoid were held: token, then profile and token check side by side, STS, S3. */
const chainMs = (held: Record<string, number>): number => {
  const { token = 0, tokeninfo = 0, profile = 0, sts = 0, s3 = 0 } = held
  return token + Math.max(tokeninfo, profile) + sts + s3
}

/** What a sign-in costs a person beyond the wait for provider and AWS. */
export const addedLatency: Row = {
  name: 'added-latency',
  title: `what a sign-in adds over its upstream chain, ${delayMs} ms per call`,
  async run(stage) {
    const application = await startApplication(stage)
    const contenders = [application, await startBareSignIn(stage), ...(await startOther(stage))]
    const count = stage.quick ? 60 : 2_000
    const added = async (contender: (typeof contenders)[number], concurrency: number) => {
      // Counts anew.
      await stage.setUpstream({ delayMs })
      const run = await measure(contender, {
        kind: 'sign-in',
        concurrency,
        codes: `added-${concurrency}`,
        count: concurrency === 1 ? count / 40 : count,
      })
      const held = new Map(await stage.upstreamHeld())
      const ms = run.byCode.map(([code, latency]) => latency - chainMs(held.get(code) ?? {}))
      return { contender, concurrency, run, ms }
    }
    await stage.setUpstream({ delayMs: 0, buckets: 10 })
    for (const contender of contenders) {
      await warmUp(stage.quick, contender, { kind: 'sign-in', codes: 'warm', concurrency: 50 })
    }
    const runs = []
    for (const concurrency of [1, 50]) {
      for (const contender of contenders) runs.push(await added(contender, concurrency))
    }
    await stage.setUpstream({ delayMs: 0 })
    const ours = runs.find(({ contender, concurrency }) => contender === application && concurrency === 50)
    const bar = (what: string, share: number, limitMs: number): Bar => {
      const value = percentile(ours?.ms ?? [], share)
      return {
        work: `added by a sign-in over its upstream chain, ${what}, 50 at once`,
        bar: `< ${limitMs} ms`,
        measured: `${figure(value)} ms`,
        met: value < limitMs,
      }
    }
    return {
      bars: [bar('median', 0.5, 5), bar('p99', 0.99, 15)],
      tables: [
        {
          head: [
            '',
            'at once',
            'added ms: median',
            'p90',
            'p99',
            'whole sign-in: median ms',
            'per second',
            'core busy',
          ],
          rows: runs.map(({ contender, concurrency, run, ms }) => [
            contender.name,
            String(concurrency),
            ...[0.5, 0.9, 0.99].map((share) => figure(percentile(ms, share))),
            figure(run.latencyMs.median),
            figure(run.perSecond),
            `${Math.round(100 * run.busy)} %`,
          ]),
        },
      ],
      notes: [
        'The chain is what the stand-in held back, call by call, of each single sign-in: token, the longer of profile and token check, STS, S3. Calls that could run side by side and do not count as added.',
      ],
    }
  },
}
