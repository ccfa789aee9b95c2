import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { startApplication, startBareSignIn, startFlasks } from '../contenders.ts'
import { compare, ratio, ratioByClock } from '../measure.ts'
import { comparison, type Row, times } from '../report.ts'

/** What is left in the tables of a session store, whatever it is. */
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
    const results = await compare(stage, [application, reference, ...flasks], {
      kind: 'page',
      path: '/initiateLogin/amazon',
      status: 302,
      concurrency: 32,
    })
    const [ours, peer] = results
    if (!ours || !peer) throw new Error('nothing was measured')
    const left = rowsIn(store)
    return {
      bars: [
        {
          work: 'GET /initiateLogin/amazon against Express 5 + express-session writing one session to memory',
          bar: '>= 1 x',
          measured: `${times(ratio(ours, peer))} (by the clock ${times(ratioByClock(ours, peer))})`,
          met: ratio(ours, peer) >= 1,
        },
        {
          work: `what ${ours.rounds.reduce((sum, { done }) => sum + done, 0).toLocaleString('en-US')} visitors who never came back left in the store`,
          bar: '0 records',
          measured: `${left} records`,
          met: left === 0,
        },
      ],
      tables: [comparison(results, 'redirects')],
    }
  },
}
