import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { startApplication, startBareSignIn, startFlasks, startOther } from '../contenders.ts'
import { compare } from '../measure.ts'
import { atLeast, comparison, type Row } from '../report.ts'

/** How many rows there are in all the tables of a file. */
function rowsIn(path: string): number {
  const database = new DatabaseSync(path, { readOnly: true })
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
  const counts = tables.map(({ name }) => database.prepare(`SELECT count(*) AS n FROM "${name}"`).get()?.n)
  database.close()
  return counts.reduce<number>((sum, count) => sum + Number(count), 0)
}

/** `GET /initiateLogin/amazon` of visitors who never come back. */
export const start: Row = {
  name: 'start',
  title: 'GET /initiateLogin/amazon (PKCE, state, sealed attempt)',
  async run(stage) {
    const store = join(stage.folder, 'start.sqlite')
    const application = await startApplication(stage, { environment: { SESSION_STORE: `sqlite:${store}` } })
    const reference = await startBareSignIn(stage)
    const flasks = await startFlasks(stage, ['pooled'])
    const others = await startOther(stage)
    const results = await compare(stage.quick, [application, reference, ...flasks, ...others], {
      kind: 'page',
      path: '/initiateLogin/amazon',
      status: 302,
      concurrency: 32,
    })
    const left = rowsIn(store)
    const visitors = results[0]?.rounds.reduce((sum, { done }) => sum + done, 0) ?? 0
    return {
      bars: [
        {
          work: 'GET /initiateLogin/amazon against Express 5 + express-session writing one session to memory',
          ...atLeast(1, results, application, reference),
        },
        {
          work: `what ${visitors.toLocaleString('en-US')} visitors who never came back left in the store`,
          bar: '0 records',
          measured: `${left} records`,
          met: left === 0,
        },
      ],
      tables: [comparison(results, 'redirects')],
    }
  },
}
