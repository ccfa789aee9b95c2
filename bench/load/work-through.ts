import { percentile } from '../statistics.ts'
import type { Outcome, Work } from './job.ts'

/** Does one piece of work, the how-manieth it is told; returns the authorization code of a sign-in. */
export type Visit = (turn: number) => Promise<string | undefined>

/** Lets as many visitors as `work` says work side by side until it is over. The first failure ends it. */
export async function workThrough(
  { concurrency, seconds = Number.POSITIVE_INFINITY, count = Number.POSITIVE_INFINITY }: Work,
  newVisitor: (index: number) => Visit,
): Promise<Outcome> {
  const latencies: number[] = []
  const byCode: [string, number][] = []
  const startedAt = performance.now()
  let begun = 0
  const come = async (visit: Visit): Promise<void> => {
    while (begun < count && performance.now() - startedAt < seconds * 1000) {
      const from = performance.now()
      const code = await visit(begun++)
      const ms = performance.now() - from
      latencies.push(ms)
      if (code !== undefined) byCode.push([code, ms])
    }
  }
  await Promise.all(Array.from({ length: concurrency }, (_, index) => come(newVisitor(index))))
  return {
    done: latencies.length,
    seconds: (performance.now() - startedAt) / 1000,
    latencyMs: {
      median: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      max: percentile(latencies, 1),
    },
    byCode,
  }
}
