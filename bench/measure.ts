import type { Contender } from './contenders.ts'
import type { Job, Outcome } from './load/job.ts'
import type { Stage } from './stage.ts'
import { median } from './statistics.ts'

/** Work for a contender: the job without its address, and how long. */
export type Work = Job extends infer J
  ? J extends Job
    ? Omit<J, 'origin' | 'seconds' | 'count'>
    : never
  : never

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
export async function measure(
  stage: Stage,
  { origin, process }: Contender,
  job: Omit<Job, 'origin'>,
): Promise<Measurement> {
  const cpuAtStart = process.cpuMs()
  const outcome = await stage.load({ ...job, origin } as Job)
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

/** How long, and how often. */
interface Rounds {
  rounds: number
  seconds: number
  /** Before anything counts: until the code that runs often has been compiled. */
  warmUpSeconds: number
}

const rounds = (stage: Stage): Rounds =>
  stage.quick ? { rounds: 1, seconds: 0.3, warmUpSeconds: 0.1 } : { rounds: 5, seconds: 2, warmUpSeconds: 2 }

/**
 * The same work for each contender in turn, round after round, so that whatever else happens on the machine happens to
 * all of them.
 */
export async function compare(stage: Stage, contenders: readonly Contender[], work: Work): Promise<Result[]> {
  const plan = rounds(stage)
  const results = contenders.map((contender): Result => ({ contender, rounds: [] }))
  for (const { contender } of results)
    await measure(stage, contender, { ...work, seconds: plan.warmUpSeconds })
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const { contender, rounds } of results) {
      rounds.push(await measure(stage, contender, { ...work, seconds: plan.seconds }))
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
