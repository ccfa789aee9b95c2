import type { Contender } from './contenders.ts'
import type { Job, Outcome } from './load/job.ts'
import type { Stage } from './stage.ts'
import { median } from './statistics.ts'

type Without<J, Key extends PropertyKey> = J extends unknown ? Omit<J, Key> : never

/** Work for whichever contender. */
export type Work = Without<Job, 'origin'>

/** One stretch of load on one server. */
export interface Measurement extends Outcome {
  /** What came through in a second of the clock. */
  perSecond: number
  /** CPU time of the server for one piece of work, in milliseconds. */
  cpuMsEach: number
  /** Share of its core that the server had. Below 1 where it waited, or where others ran on its core. */
  busy: number
}

/** Loads one server, and reads what that cost it. */
export async function measure(stage: Stage, { origin, process }: Contender, job: Work): Promise<Measurement> {
  const cpuAtStart = process.cpuMs()
  const outcome = await stage.load({ ...job, origin })
  const cpuMs = process.cpuMs() - cpuAtStart
  return {
    ...outcome,
    perSecond: outcome.done / outcome.seconds,
    cpuMsEach: cpuMs / outcome.done,
    busy: cpuMs / 1000 / outcome.seconds,
  }
}

/** All rounds of one contender. */
export interface Result {
  contender: Contender
  rounds: Measurement[]
}

/** Work until the code that runs often has been compiled. */
const warmUpCount = { page: 5_000, 'sign-in': 1_000 }

/** Loads a server before anything counts. */
export async function warmUp(stage: Stage, contender: Contender, work: Work): Promise<void> {
  const seconds = stage.quick ? 0.1 : contender.warmUpSeconds
  await measure(stage, contender, { ...work, count: warmUpCount[work.kind], seconds })
}

/**
 * The same work for each contender in turn, round after round, so that whatever else happens on the machine happens to
 * all of them.
 */
export async function compare(stage: Stage, contenders: readonly Contender[], work: Work): Promise<Result[]> {
  const { rounds, seconds } = stage.quick ? { rounds: 1, seconds: 0.3 } : { rounds: 5, seconds: 2 }
  const results = contenders.map((contender): Result => ({ contender, rounds: [] }))
  for (const { contender } of results) await warmUp(stage, contender, work)
  for (let round = 0; round < rounds; round += 1) {
    for (const { contender, rounds } of results) {
      rounds.push(await measure(stage, contender, { ...work, seconds }))
    }
  }
  return results
}

/** How many times as much work `one` does in a second of its core as `other`: the median over the rounds. */
export const ratio = (one: Result, other: Result): number =>
  median(one.rounds.map(({ cpuMsEach }, round) => (other.rounds[round]?.cpuMsEach ?? Number.NaN) / cpuMsEach))

/** The same by the clock. Says less where the core was not theirs alone. */
export const ratioByClock = (one: Result, other: Result): number =>
  median(one.rounds.map(({ perSecond }, round) => perSecond / (other.rounds[round]?.perSecond ?? Number.NaN)))
