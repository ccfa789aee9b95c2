import { startApplication, startConstant, startFlasks } from '../contenders.ts'
import { compare, ratio, ratioByClock } from '../measure.ts'
import { comparison, type Row, times } from '../report.ts'

/** `GET /` of a stranger. */
export const loginPage: Row = {
  name: 'login-page',
  title: 'GET / signed out, security headers and access log on',
  async run(stage) {
    const application = await startApplication(stage)
    const page = await (await fetch(application.origin)).text()
    if (!page.includes('/initiateLogin/amazon')) throw new Error('the login page has no button')
    const constant = await startConstant(stage, page)
    const flasks = await startFlasks(stage, ['pooled'])
    const results = await compare(stage, [application, constant, ...flasks], {
      kind: 'page',
      path: '/',
      status: 200,
      concurrency: 32,
    })
    const [ours, limit, flask] = results
    if (!ours || !limit) throw new Error('nothing was measured')
    return {
      bars: [
        {
          work: `GET / (${page.length} bytes) against Express 5 sending the same bytes as a constant`,
          bar: '>= 0.7 x',
          measured: `${times(ratio(ours, limit))} (by the clock ${times(ratioByClock(ours, limit))})`,
          met: ratio(ours, limit) >= 0.7,
        },
        {
          work: 'GET / against the Flask peer',
          bar: '>= 5 x',
          measured: flask
            ? `${times(ratio(ours, flask))} (by the clock ${times(ratioByClock(ours, flask))})`
            : 'not measured',
          met: flask && ratio(ours, flask) >= 5,
        },
      ],
      tables: [comparison(results, 'pages')],
    }
  },
}
