import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contender } from './measure.ts'
import { BenchProcess, cores, portWritten } from './processes.ts'
import type { Stage } from './stage.ts'
import { clientId } from './upstream/amazon.ts'

/** A server that is measured. */
export interface Server extends Contender {
  origin: string
  process: BenchProcess
}

const root = join(import.meta.dirname, '..')
const debianPython = '/usr/bin/python3'

/** The provider, STS and S3 as the application and its peers are told of them. */
const upstreamEnvironment = ({ upstreamUrl }: Stage) => ({
  AMAZON_APP_ID: clientId,
  AMAZON_APP_SECRET: 'secret-of-the-bench',
  AMAZON_ROLE_ARN: 'arn:aws:iam::123456789012:role/bench',
  AMAZON_AUTHORIZE_URL: `${upstreamUrl}/ap/oa`,
  AMAZON_API_URL: upstreamUrl,
  AWS_REGION: 'us-east-1',
  AWS_ENDPOINT_URL_STS: upstreamUrl,
  AWS_ENDPOINT_URL_S3: upstreamUrl,
  AWS_EC2_METADATA_DISABLED: 'true',
})

interface Start {
  name: string
  command: string[]
  environment?: Record<string, string>
  core?: number
  cwd?: string
  answers?: boolean
  /** What it writes once it listens; the first group is the port. */
  listening: RegExp
  warmUpSeconds?: number
}

let servers = 0

async function start(
  stage: Stage,
  { name, command, environment, core = cores.server, listening, warmUpSeconds = 10, ...rest }: Start,
): Promise<Server> {
  const output = join(stage.folder, `server-${++servers}.log`)
  const child = new BenchProcess({
    command,
    core,
    environment: { ...upstreamEnvironment(stage), ...environment },
    output,
    cwd: root,
    ...rest,
  })
  const origin = `http://127.0.0.1:${await portWritten(child, output, listening)}`
  return {
    name,
    origin,
    process: child,
    processes: 1,
    warmUpSeconds,
    cpuMs: () => child.cpuMs(),
    run: (work) => stage.load({ origins: [origin], work }),
  }
}

/** How an application under test may differ. */
interface ApplicationOptions {
  name?: string
  environment?: Record<string, string>
  core?: number
  cwd?: string
  /** True where the bench must look into it; costs a timer that fires a thousand times a second. */
  probed?: boolean
}

const probeOptions = ['--expose-gc', '--import', join(import.meta.dirname, 'probe.ts')]

/** What every instance is told besides its upstream. */
const sessionSecret = 'secret of the bench'

/** The application as it is deployed: `node src/main.ts`, its log in a file, sessions in SQLite, no rate limit. */
export const startApplication = (
  stage: Stage,
  { name = 'application', environment, probed = false, ...rest }: ApplicationOptions = {},
): Promise<Server> =>
  start(stage, {
    name,
    command: [process.execPath, ...(probed ? probeOptions : []), 'src/main.ts'],
    answers: probed,
    environment: {
      PORT: '0',
      SESSION_SECRET: sessionSecret,
      SESSION_STORE: `sqlite:${join(stage.folder, `sessions-${servers}.sqlite`)}`,
      RATE_LIMIT: '0',
      ...environment,
    },
    listening: /"port":(\d+),"msg":"listening"/,
    ...rest,
  })

/** The application of another checkout, where `--against` named one: before and after, side by side. */
export const startOther = (stage: Stage): Promise<Server[]> =>
  Promise.all(
    stage.against === undefined
      ? []
      : [startApplication(stage, { name: `application in ${stage.against}`, cwd: stage.against })],
  )

const reference = (file: string) => ({
  command: [process.execPath, join(import.meta.dirname, 'references', file)],
  listening: /listening on (\d+)/,
})

/** Express 5 that sends `page` as a constant. */
export function startConstant(stage: Stage, page: string): Promise<Server> {
  const file = join(stage.folder, 'page.html')
  writeFileSync(file, page)
  return start(stage, {
    name: 'Express, constant page',
    environment: { PAGE_FILE: file },
    ...reference('constant.ts'),
  })
}

/** Express 5, express-session in memory, and the AWS SDK with a new S3 client per request. */
export const startBareSignIn = (stage: Stage, { core = cores.server } = {}): Promise<Server> =>
  start(stage, { name: 'Express + express-session + AWS SDK, bare', core, ...reference('bare-sign-in.ts') })

/** The SDK's ListBuckets call in a process of its own. Whatever the work is, it makes calls. */
export function startBareCalls(
  stage: Stage,
  { maxBuckets, keepClient }: { maxBuckets: number | undefined; keepClient: boolean },
): Contender {
  const child = new BenchProcess({
    command: [process.execPath, join(import.meta.dirname, 'references', 'list-buckets.ts')],
    core: cores.server,
    environment: upstreamEnvironment(stage),
    answers: true,
  })
  return {
    name: keepClient ? 'bare SDK call, one client' : 'bare SDK call, a new client each',
    processes: 1,
    warmUpSeconds: 10,
    cpuMs: () => child.cpuMs(),
    run: (work) => child.ask('run', { work, maxBuckets, keepClient }),
  }
}

/** A process that fills a session store in bulk, as `fill-sessions.ts` says. */
export const startFilling = (store: string): BenchProcess =>
  new BenchProcess({
    command: [process.execPath, '--expose-gc', join(import.meta.dirname, 'fill-sessions.ts')],
    core: cores.server,
    environment: { SESSION_STORE: store, SESSION_SECRET: sessionSecret },
    answers: true,
  })

/** Why the Flask peer cannot be measured here; `undefined` where it can. */
export const flaskMissing: string | undefined =
  spawnSync(debianPython, ['-c', 'import flask, boto3, gunicorn']).status === 0
    ? undefined
    : "Debian's python3-flask, python3-boto3 and gunicorn are not installed: the Flask peer is not measured"

/**
 * The Flask peer under gunicorn with one worker process, since there is one core. boto3 makes clients on one thread only;
 * shared ones may be used from many.
 */
function startFlask(stage: Stage, shape: 'sample' | 'pooled'): Promise<Server> {
  const threads = shape === 'sample' ? '1' : '8'
  const options = ['--worker-class', 'gthread', '--threads', threads, '--workers', '1', '--keep-alive', '60']
  const log = ['--access-logfile', join(stage.folder, `flask-${shape}.log`)]
  return start(stage, {
    name: shape === 'sample' ? 'Flask, a client per call' : 'Flask, shared clients',
    command: [debianPython, '-m', 'gunicorn', ...options, ...log, '--bind', '127.0.0.1:0', 'flask_peer:app'],
    cwd: join(import.meta.dirname, 'references'),
    environment: { SHAPE: shape, PYTHONDONTWRITEBYTECODE: '1' },
    listening: /Listening at: http:\/\/127\.0\.0\.1:(\d+)/,
    // Nothing is compiled while it runs.
    warmUpSeconds: 1,
  })
}

/** The Flask peer in these shapes; none where it is not installed. */
export const startFlasks = (stage: Stage, shapes: ('sample' | 'pooled')[]): Promise<Server[]> =>
  Promise.all(flaskMissing ? [] : shapes.map((shape) => startFlask(stage, shape)))
