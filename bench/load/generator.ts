import { answerBench } from '../ipc.ts'
import { percentile } from '../statistics.ts'
import { Connection } from './connection.ts'
import type { Job, Outcome, PageJob, SignInJob } from './job.ts'
import { Visitor } from './visitor.ts'

/** One piece of a job's work; returns the authorization code of a sign-in. Fails on any answer but the right one. */
type Visit = (turn: number) => Promise<string | undefined>

function pageVisits({ origin, path, status, headers = [] }: PageJob, index: number): Visit {
  const connection = new Connection(origin)
  const ours = headers[index % headers.length]
  return async () => {
    const answer = await connection.get(path, ours)
    if (answer.status !== status) throw new Error(`GET ${path} answered\n${answer.head}`)
    return undefined
  }
}

function signInVisits({ origin, codes }: SignInJob): Visit {
  const visitor = new Visitor(origin)
  return async (turn) => {
    const code = `${codes}-${turn}`
    await visitor.signIn(code)
    await visitor.get('/s3/', 200)
    return code
  }
}

async function run(job: Job): Promise<Outcome> {
  const latencies: number[] = []
  const byCode: [string, number][] = []
  const startedAt = performance.now()
  const cpuAtStart = process.cpuUsage()
  const most = job.count ?? Number.POSITIVE_INFINITY
  const until = startedAt + (job.seconds ?? Number.POSITIVE_INFINITY) * 1000
  let begun = 0
  const come = async (visit: Visit): Promise<void> => {
    while (begun < most && performance.now() < until) {
      const from = performance.now()
      const code = await visit(begun++)
      const ms = performance.now() - from
      latencies.push(ms)
      if (code !== undefined) byCode.push([code, ms])
    }
  }
  const visits = (index: number) => (job.kind === 'page' ? pageVisits(job, index) : signInVisits(job))
  await Promise.all(Array.from({ length: job.concurrency }, (_, index) => come(visits(index))))
  const { user, system } = process.cpuUsage(cpuAtStart)
  return {
    done: latencies.length,
    seconds: (performance.now() - startedAt) / 1000,
    cpuMs: (user + system) / 1000,
    latencyMs: {
      median: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      max: percentile(latencies, 1),
    },
    byCode,
  }
}

/** Signs one person in, and tells the header that makes a request theirs. */
async function signIn({ origin, code }: { origin: string; code: string }): Promise<string> {
  const visitor = new Visitor(origin)
  await visitor.signIn(code)
  visitor.close()
  return visitor.cookieHeader
}

answerBench({ run, signIn })
