import type { Result } from './measure.ts'
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
}

/** Three digits that count, with commas between thousands. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '-'
  const rounded = Number(value.toPrecision(3))
  return Math.abs(value) >= 1000 ? Math.round(rounded).toLocaleString('en-US') : String(rounded)
}

/** The median, and in which range all values lie. */
const spread = (values: readonly number[]): string =>
  values.length < 2
    ? figure(median(values))
    : `${figure(median(values))} (${figure(Math.min(...values))} to ${figure(Math.max(...values))})`

/** `0.73 x` */
export const times = (value: number): string => `${value.toFixed(2)} x`

/** What each contender managed, side by side. `unit`: what is counted, in the plural. */
export const comparison = (results: readonly Result[], unit: string): Table => ({
  head: [
    '',
    `${unit} per second of its core`,
    `${unit} per second of the clock`,
    'CPU ms each',
    'core busy',
    'median ms',
    'p99 ms',
  ],
  rows: results.map(({ contender, rounds }) => [
    contender.name,
    spread(rounds.map(({ cpuMsEach }) => 1000 / cpuMsEach)),
    spread(rounds.map(({ perSecond }) => perSecond)),
    spread(rounds.map(({ cpuMsEach }) => cpuMsEach)),
    `${Math.round(100 * median(rounds.map(({ busy }) => busy)))} %`,
    figure(median(rounds.map(({ latencyMs }) => latencyMs.median))),
    figure(median(rounds.map(({ latencyMs }) => latencyMs.p99))),
  ]),
})
