import { machine } from './machine.ts'
import type { Report, Row } from './report.ts'
import { markdownTable } from './table.ts'

/** A row, and what it found. */
export interface Finished {
  row: Row
  report: Report
}

interface Circumstances {
  minutes: number
  cores: number
  notices: readonly string[]
}

const verdict = (met: boolean | undefined): string =>
  met === undefined ? 'not measured' : met ? 'met' : 'NOT met'

const barsTable = (finished: readonly Finished[]): string =>
  markdownTable({
    head: ['', 'bar', 'measured', ''],
    rows: finished.flatMap(({ report }) =>
      report.bars.map(({ work, bar, measured, met }) => [work, bar, measured, verdict(met)]),
    ),
  })

/** One row as it is printed, and as it stands in RESULTS.md. */
export function section({ row, report }: Finished): string {
  const { bars, tables, notes = [], plots = {} } = report
  return [
    `\n## ${row.name}: ${row.title}`,
    ...(bars.length > 0 ? [barsTable([{ row, report }])] : []),
    ...tables.map(markdownTable),
    ...Object.keys(plots).map((name) => `![${row.title}](plots/${name}.svg)`),
    ...notes,
  ].join('\n\n')
}

/** RESULTS.md as a whole. */
export function results(finished: readonly Finished[], { minutes, cores, notices }: Circumstances): string {
  const shared =
    cores > 2
      ? 'They have cores of their own.'
      : 'There are two cores, so that the load generator, the upstream stand-in, Redis and the proxy share the first one: where a server is cheap, they and not the server may be what limits the throughput by the clock.'
  return `# What the bench measured

Written by \`npm run bench\` in ${minutes.toFixed(1)} minutes; \`npm run bench -- NAME\` repeats one row. What the figures mean for an
installation is in [CAPACITY.md](CAPACITY.md).

${markdownTable({ head: ['', ''], rows: machine().map(([name, value]) => [name, value]) })}
${notices.map((notice) => `\n**${notice}.**\n`).join('')}
## How to read it

Real HTTP over loopback with kept-alive connections. The server under test has the last core for itself. ${shared}

The verdicts go by *work per second of the server's own core*, the inverse of the CPU time that the server's processes
(all of their threads) used per piece of work, read from \`/proc\`. On a core of its own, fully loaded, that is the
throughput; unlike the throughput it does not change much where something else runs on the machine. Throughput by the
clock stands beside it, and *core busy* says how far the server was loaded. Contenders take turns, nine rounds of 1.2
seconds each after a warm-up; figures are medians, with the lowest and highest round in brackets; a ratio is the median
of the ratios within each round.

The application runs as it is deployed, \`node src/main.ts\`: security headers on, log to a file, sessions in SQLite unless
a row says otherwise, \`RATE_LIMIT=0\`. The Flask peer has security headers and an access log to a file as well; the
Express references have neither. Provider, STS and S3 are one stand-in that answers with prepared bytes
(\`bench/upstream\`).

## Bars

${barsTable(finished)}
${finished.map(section).join('\n')}
`
}
