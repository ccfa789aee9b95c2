import { flaskMissing } from './contenders.ts'
import { notices } from './processes.ts'
import type { Report, Row } from './report.ts'
import { addedLatency } from './rows/added-latency.ts'
import { loginPage } from './rows/login-page.ts'
import { signIn } from './rows/sign-in.ts'
import { start } from './rows/start.ts'
import { startStage } from './stage.ts'
import { markdownTable } from './table.ts'

const rows: Row[] = [loginPage, start, signIn, addedLatency]
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const quick = process.argv.includes('--quick')
const unknown = names.filter((name) => !rows.some((row) => row.name === name))
if (unknown.length > 0) {
  console.error(`no such row: ${unknown.join(', ')}. There are ${rows.map(({ name }) => name).join(', ')}.`)
  process.exit(1)
}

async function run(row: Row): Promise<Report> {
  const stage = await startStage(quick)
  try {
    return await row.run(stage)
  } finally {
    await stage.close()
  }
}

const verdict = (met: boolean | undefined): string =>
  met === undefined ? 'not measured' : met ? 'met' : 'NOT met'

for (const notice of [...notices, flaskMissing ?? []].flat()) console.log(notice)
for (const row of rows.filter(({ name }) => names.length === 0 || names.includes(name))) {
  const { bars, tables, notes = [] } = await run(row)
  console.log(`\n${row.name}: ${row.title}\n`)
  for (const { work, bar, measured, met } of bars)
    console.log(`  ${verdict(met)}: ${work}: ${measured}, bar ${bar}`)
  for (const table of tables) console.log(`\n${markdownTable(table)}`)
  for (const note of notes) console.log(`\n${note}`)
}
