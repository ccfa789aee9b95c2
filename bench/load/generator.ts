import { answerBench } from '../ipc.ts'
import { Connection } from './connection.ts'
import type { Job, Outcome, Pages, SignIns } from './job.ts'
import { Visitor } from './visitor.ts'
import { type Visit, workThrough } from './work-through.ts'

function pageVisitor(origin: string, { path, status, headers = [] }: Pages): Visit {
  const connection = new Connection(origin)
  return async (turn) => {
    const answer = await connection.get(path, headers[turn % headers.length])
    if (answer.status !== status) throw new Error(`GET ${path} answered\n${answer.head}`)
    return undefined
  }
}

function signInVisitor(origin: string, { codes }: SignIns): Visit {
  const visitor = new Visitor(origin)
  return async (turn) => {
    const code = `${codes}-${turn}`
    await visitor.signIn(code)
    await visitor.get('/s3/', 200)
    return code
  }
}

const run = ({ origins, work }: Job): Promise<Outcome> =>
  workThrough(work, (visitor) => {
    const origin = origins[visitor % origins.length] ?? ''
    return work.kind === 'page' ? pageVisitor(origin, work) : signInVisitor(origin, work)
  })

/** Signs one person in, and tells the header line that makes a request theirs. */
async function signIn({ origin, code }: { origin: string; code: string }): Promise<string> {
  const visitor = new Visitor(origin)
  await visitor.signIn(code)
  visitor.close()
  return visitor.cookieLine
}

/** The process that makes load. */
answerBench({ run, signIn })
