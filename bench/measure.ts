import type { Outcome, Work } from './load/job.ts'
import { median } from './statistics.ts'

/** What is measured: a server, several that share the work, or a program without one. */
export interface Contender {
  name: string
  /** That share the work. Each of them must be warmed up. */
  processes: number
  /** How long each of its processes is loaded before anything counts, at most. */
  warmUpSeconds: number
  /** CPU time that it has used so far, in milliseconds. */
  cpuMs(): number
  run(work: Work): Promise<Outcome>
}

/** One stretch of work. */
export interface Measurement extends Outcome {
  /** What came through in a second of the clock. */
  perSecond: number
  /** CPU time of the contender for one piece of work, in milliseconds. */
  cpuMsEach: number
  /** Share of one core that it had. Below 1 where it waited, or where others ran on its core. */
  busy: number
}

/** Has one contender work, and reads what that cost it. */
export async function measure(contender: Contender, work: Work): Promise<Measurement> {
  const cpuAtStart = contender.cpuMs()
  const outcome = await contender.run(work)
  const cpuMs = contender.cpuMs() - cpuAtStart
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

/** Work of a process until the code that runs often has been compiled. */
const warmUpCount = { page: 5_000, 'sign-in': 1_000 }

/** Has a contender work before anything counts. */
export async function warmUp(quick: boolean, contender: Contender, work: Work): Promise<void> {
  const seconds = quick ? 0.1 : contender.warmUpSeconds * contender.processes
  await measure(contender, { ...work, count: warmUpCount[work.kind] * contender.processes, seconds })
}

/**
 * The same work for each contender in turn, round after round, so that whatever else happens on the machine happens to
 * all of them. Several processes have a longer round: each has as much to do in it as a single one, and each pays for
 * itself what comes with waking up.
 */
export async function compare(
  quick: boolean,
  contenders: readonly Contender[],
  work: Work,
): Promise<Result[]> {
  const { rounds, seconds } = quick ? { rounds: 1, seconds: 0.2 } : { rounds: 9, seconds: 1.2 }
  const results = contenders.map((contender): Result => ({ contender, rounds: [] }))
  for (const { contender } of results) await warmUp(quick, contender, work)
  for (let round = 0; round < rounds; round += 1) {
    for (const { contender, rounds } of results) {
      rounds.push(await measure(contender, { ...work, seconds: seconds * contender.processes }))
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
