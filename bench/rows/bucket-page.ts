import { startApplication, startBareCalls } from '../contenders.ts'
import { compare, measure, type Result, ratio } from '../measure.ts'
import { type Bar, comparison, figure, type Report, type Row } from '../report.ts'
import type { Stage } from '../stage.ts'
import { median } from '../statistics.ts'

const cpuMs = (result: Result): number => median(result.rounds.map(({ cpuMsEach }) => cpuMsEach))

/** Starts the application with somebody signed in, and the SDK's bare call for the page that it asks S3 for. */
async function startAll(stage: Stage) {
  await stage.setUpstream({ delayMs: 0, buckets: 10_000 })
  const application = await startApplication(stage)
  const headers = [await stage.signIn(application.origin)]
  await measure(application, { kind: 'page', path: '/s3/', status: 200, headers, concurrency: 1, count: 1 })
  const { listQuery } = await stage.upstreamCounts()
  const maxBuckets = Number(new URLSearchParams(listQuery).get('max-buckets')) || undefined
  const newClient = startBareCalls(stage, { maxBuckets, keepClient: false })
  const keptClient = startBareCalls(stage, { maxBuckets, keepClient: true })
  return { application, headers, maxBuckets, newClient, keptClient }
}

/** The page of one account, beside the bare call. */
async function measureAccount(
  stage: Stage,
  { application, headers, newClient, keptClient }: Awaited<ReturnType<typeof startAll>>,
  buckets: number,
) {
  await stage.setUpstream({ buckets })
  const results = await compare(stage.quick, [application, newClient, keptClient], {
    kind: 'page',
    path: '/s3/',
    status: 200,
    headers,
    concurrency: 8,
  })
  const [ours, bare, kept] = results
  if (!ours || !bare || !kept) throw new Error('nothing was measured')
  return { buckets, results, ours, bare, kept }
}

/** The longest turn of the event loop while one person after the other looks at the page of `buckets` buckets. */
async function longestBlock(stage: Stage, buckets: number): Promise<number> {
  await stage.setUpstream({ buckets })
  const application = await startApplication(stage, { probed: true })
  const headers = [await stage.signIn(application.origin)]
  const pages = { kind: 'page', path: '/s3/', status: 200, headers, concurrency: 1 } as const
  await measure(application, { ...pages, count: stage.quick ? 5 : 200 })
  await application.process.ask('longestBlockMs')
  await measure(application, { ...pages, count: stage.quick ? 5 : 500 })
  return application.process.ask('longestBlockMs')
}

/** `GET /s3/` for accounts of different sizes. */
export const bucketPage: Row = {
  name: 'bucket-page',
  title: 'GET /s3/ of an account with 10, 1,000 and 10,000 buckets',
  async run(stage) {
    const all = await startAll(stage)
    const accounts = []
    for (const buckets of [10, 1_000, 10_000]) accounts.push(await measureAccount(stage, all, buckets))
    const blockMs = await longestBlock(stage, 10_000)
    const perView = accounts.map(({ buckets, ours, bare, kept }): Bar => {
      const times = 1 / ratio(ours, bare)
      return {
        work: `CPU per view of ${figure(buckets)} buckets against the SDK's bare call for the same page, a new client each`,
        bar: '<= 1.2 x',
        measured: `${times.toFixed(2)} x (${(1 / ratio(ours, kept)).toFixed(2)} x of a call through a kept client)`,
        met: times <= 1.2,
      }
    })
    const [, thousand, tenThousand] = accounts.map(({ ours }) => cpuMs(ours))
    const dearer = (tenThousand ?? 0) / (thousand ?? 0)
    return {
      bars: [
        ...perView,
        {
          work: 'CPU per view of 10,000 buckets against 1,000',
          bar: 'no dearer (within 10 %)',
          measured: `${dearer.toFixed(2)} x`,
          met: dearer <= 1.1,
        },
        {
          work: 'longest block of the event loop by a view of 10,000 buckets',
          bar: '<= 20 ms',
          measured: `${figure(blockMs)} ms`,
          met: blockMs <= 20,
        },
      ],
      tables: accounts.map(({ buckets, results }) => {
        const table = comparison(results, 'views or calls')
        return { ...table, head: [`${figure(buckets)} buckets`, ...table.head.slice(1)] }
      }),
      notes: [
        `The application shows pages of ${all.maxBuckets} buckets, and so does the bare call. The block is CPU time of one turn of the event loop, warmed up, among 500 views.`,
      ],
    } satisfies Report
  },
}
