import { startApplication, startBareSignIn, startFlasks, startOther } from '../contenders.ts'
import { compare } from '../measure.ts'
import { atLeast, comparison, type Row } from '../report.ts'

/** Whole sign-ins, as many as one core can do. */
export const signIn: Row = {
  name: 'sign-in',
  title: 'a whole sign-in: redirect, callback, page of 10 buckets; upstream delay 0',
  async run(stage) {
    await stage.setUpstream({ delayMs: 0, buckets: 10 })
    const application = await startApplication(stage)
    const bare = await startBareSignIn(stage)
    const [sample, pooled] = await startFlasks(stage, ['sample', 'pooled'])
    const flasks = sample && pooled ? [sample, pooled] : []
    const others = await startOther(stage)
    const results = await compare(stage.quick, [application, bare, ...flasks, ...others], {
      kind: 'sign-in',
      codes: 'in',
      concurrency: 16,
    })
    return {
      bars: [
        {
          work: 'sign-ins against bare Express + AWS SDK with a new S3 client per request',
          ...atLeast(1, results, application, bare),
        },
        {
          work: 'sign-ins against Flask tuned with shared clients (a goal)',
          ...atLeast(3, results, application, pooled),
        },
      ],
      tables: [comparison(results, 'sign-ins')],
    }
  },
}
