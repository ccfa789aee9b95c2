import { startApplication, startBareSignIn, startFlasks } from '../contenders.ts'
import { compare, ratio, ratioByClock } from '../measure.ts'
import { comparison, type Row, times } from '../report.ts'

/** Whole sign-ins, as many as one core can do. */
export const signIn: Row = {
  name: 'sign-in',
  title: 'a whole sign-in: redirect, callback, page of 10 buckets; upstream delay 0',
  async run(stage) {
    await stage.setUpstream({ delayMs: 0, buckets: 10 })
    const application = await startApplication(stage)
    const reference = await startBareSignIn(stage)
    const flasks = await startFlasks(stage, ['sample', 'pooled'])
    const results = await compare(stage, [application, reference, ...flasks], {
      kind: 'sign-in',
      codes: 'signs-in',
      concurrency: 16,
    })
    const [ours, bare, sample, pooled] = results
    if (!ours || !bare) throw new Error('nothing was measured')
    const against = (other: typeof bare | undefined) =>
      other
        ? `${times(ratio(ours, other))} (by the clock ${times(ratioByClock(ours, other))})`
        : 'not measured'
    return {
      bars: [
        {
          work: 'sign-ins per second against bare Express + AWS SDK, a new S3 client per request',
          bar: '>= 1 x',
          measured: against(bare),
          met: ratio(ours, bare) >= 1,
        },
        {
          work: 'sign-ins per second against Flask tuned with shared clients',
          bar: 'goal 3 x',
          measured: against(pooled),
          met: pooled && ratio(ours, pooled) >= 3,
        },
        {
          work: 'sign-ins per second against Flask as the sample is shaped',
          bar: '(no bar)',
          measured: against(sample),
          met: sample && true,
        },
      ],
      tables: [comparison(results, 'sign-ins')],
    }
  },
}
