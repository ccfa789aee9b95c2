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
 * `npm run bench`: every row, and then RESULTS.md and the plots. `-- NAME …` measures these rows and only prints;
 * `--against FOLDER` puts the application of another checkout beside this one; `--quick` tries every row, and its
 * figures say nothing.
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

const notices = [...prepareMachine(), flaskMissing ?? [], redisMissing ?? []].flat()
const chosen = rows.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
const finished: Finished[] = []
const startedAt = performance.now()
for (const notice of notices) console.log(notice)
for (const row of chosen) {
  finished.push({ row, report: await run(row) })
  console.log(finished.slice(-1).map(section).join('\n'))
}

if (positionals.length === 0 && !values.quick && values.against === undefined) {
  const folder = join(import.meta.dirname, 'plots')
  mkdirSync(folder, { recursive: true })
  for (const { report } of finished) {
    for (const [name, svg] of Object.entries(report.plots ?? {})) {
      writeFileSync(join(folder, `${name}.svg`), svg)
    }
  }
  const minutes = (performance.now() - startedAt) / 60_000
  const text = results(finished, { minutes, cores: cores.count, notices })
  writeFileSync(join(import.meta.dirname, 'RESULTS.md'), text)
  console.log(`\nwritten: bench/RESULTS.md and bench/plots, after ${minutes.toFixed(1)} minutes`)
}
