import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { flaskMissing } from './contenders.ts'
import { cores, prepareMachine } from './processes.ts'
import { redisMissing } from './redis.ts'
import type { Report, Row } from './report.ts'
import { type Finished, results, section } from './results.ts'
import { rows } from './rows/index.ts'
import { startStage } from './stage.ts'

/**
 * `npm run bench`: every row, and then RESULTS.md and the plots. `-- NAME …` measures these rows, prints them, and draws
 * their plots anew; `--against FOLDER` puts the application of another checkout beside this one and only prints;
 * `--quick` tries every row, and its figures say nothing.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, against: { type: 'string' } },
})
const unknown = positionals.filter((name) => !rows.some((row) => row.name === name))
if (unknown.length > 0) {
  console.error(`no such row: ${unknown.join(', ')}. There are ${rows.map(({ name }) => name).join(', ')}.`)
  process.exit(1)
}

async function run(row: Row): Promise<Report> {
  const stage = await startStage({ quick: values.quick, against: values.against })
  try {
    return await row.run(stage)
  } finally {
    await stage.close()
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

const notices = [...prepareMachine(), flaskMissing ?? [], redisMissing ?? []].flat()
const chosen = rows.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
const counts = !values.quick && values.against === undefined
const isWhole = counts && positionals.length === 0
const plots = join(import.meta.dirname, 'plots')
const finished: Finished[] = []
const startedAt = performance.now()

function draw(report: Report): void {
  mkdirSync(plots, { recursive: true })
  for (const [name, svg] of Object.entries(report.plots ?? {})) writeFileSync(join(plots, `${name}.svg`), svg)
}

/** What there is so far, so that a run that is stopped leaves what it has found. */
function write(): void {
  const minutes = (performance.now() - startedAt) / 60_000
  const missing = rows.slice(finished.length).map(({ name }) => `${name} was not measured in this run`)
  const text = results(finished, { minutes, cores: cores.count, notices: [...notices, ...missing] })
  writeFileSync(join(import.meta.dirname, 'RESULTS.md'), text)
}

for (const notice of notices) console.log(notice)
for (const row of chosen) {
  const report = await run(row)
  finished.push({ row, report })
  console.log(section({ row, report }))
  if (counts) draw(report)
  if (isWhole) write()
}
if (isWhole) console.log('\nwritten: bench/RESULTS.md and bench/plots')
