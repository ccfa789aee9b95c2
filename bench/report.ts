import { type Contender, type Result, ratio, ratioByClock } from './measure.ts'
import type { Stage } from './stage.ts'
import { median } from './statistics.ts'
import type { Table } from './table.ts'

/** One measurement of the bench, under the name that picks it: `npm run bench -- NAME`. */
export interface Row {
  name: string
  title: string
  run(stage: Stage): Promise<Report>
}

/** One promise, and whether it is kept. */
export interface Bar {
  work: string
  bar: string
  measured: string
  /** `undefined` where it could not be measured here. */
  met: boolean | undefined
}

/** What a row found. */
export interface Report {
  bars: Bar[]
  tables: Table[]
  /** Sentences that the figures need. */
  notes?: string[]
  /** SVG files by name, without `.svg`. */
  plots?: Record<string, string>
}

/** Three digits that count, with commas between thousands. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '-'
  const rounded = Number(value.toPrecision(3))
  return Math.abs(value) >= 1000 ? Math.round(rounded).toLocaleString('en-US') : String(rounded)
}

/** The median, and in which range all values lie. */
export const spread = (values: readonly number[]): string =>
  values.length < 2
    ? figure(median(values))
    : `${figure(median(values))} (${figure(Math.min(...values))} to ${figure(Math.max(...values))})`

const times = (value: number): string => `${value.toFixed(2)} x`

/**
 * Whether `one` does at least `least` times as much work in a second of its core as `other`, as a part of a Bar.
 * `other` is `undefined` where it is not installed.
 */
export function atLeast(
  least: number,
  results: readonly Result[],
  one: Contender,
  other: Contender | undefined,
): Pick<Bar, 'bar' | 'measured' | 'met'> {
  const bar = `>= ${least} x`
  const [ours, theirs] = [one, other].map((wanted) => results.find(({ contender }) => contender === wanted))
  if (!ours || !theirs) return { bar, measured: 'not measured', met: undefined }
  const times = ratio(ours, theirs)
  return {
    bar,
    measured: `${times.toFixed(2)} x (by the clock ${ratioByClock(ours, theirs).toFixed(2)} x)`,
    met: times >= least,
  }
}

/** What each contender managed, side by side with the first. `unit`: what is counted, in the plural. */
export const comparison = (results: readonly Result[], unit: string): Table => ({
  head: [
    '',
    `${unit} per second of its core`,
    'the first against it',
    `${unit} per second of the clock`,
    'CPU ms each',
    'core busy',
    'median ms',
    'p99 ms',
  ],
  rows: results.map((result, index) => [
    result.contender.name,
    spread(result.rounds.map(({ cpuMsEach }) => 1000 / cpuMsEach)),
    index > 0 && results[0] ? times(ratio(results[0], result)) : '',
    spread(result.rounds.map(({ perSecond }) => perSecond)),
    spread(result.rounds.map(({ cpuMsEach }) => cpuMsEach)),
    `${Math.round(100 * median(result.rounds.map(({ busy }) => busy)))} %`,
    figure(median(result.rounds.map(({ latencyMs }) => latencyMs.median))),
    figure(median(result.rounds.map(({ latencyMs }) => latencyMs.p99))),
  ]),
})
