import { startApplication, startConstant, startFlasks, startOther } from '../contenders.ts'
import { compare } from '../measure.ts'
import { atLeast, comparison, type Row } from '../report.ts'

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
    const others = await startOther(stage)
    const results = await compare(stage.quick, [application, constant, ...flasks, ...others], {
      kind: 'page',
      path: '/',
      status: 200,
      concurrency: 32,
    })
    return {
      bars: [
        {
          work: `GET / (${page.length} bytes) against Express 5 sending the same bytes as a constant`,
          ...atLeast(0.7, results, application, constant),
        },
        { work: 'GET / against the Flask peer', ...atLeast(5, results, application, flasks[0]) },
      ],
      tables: [comparison(results, 'pages')],
    }
  },
}
