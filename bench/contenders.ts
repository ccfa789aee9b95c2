import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BenchProcess, cores, freePort, untilListening } from './processes.ts'
import type { Stage } from './stage.ts'
import { clientId } from './upstream/amazon.ts'

/** A server that is measured. */
export interface Contender {
  name: string
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

interface Server {
  name: string
  command: (port: number) => string[]
  environment?: Record<string, string>
  core?: number
  cwd?: string
  answers?: boolean
  /** Default: the output is thrown away. */
  logFile?: string
}

async function start(
  stage: Stage,
  { name, command, environment = {}, core = cores.server, cwd = root, answers = false, logFile }: Server,
): Promise<Contender> {
  const port = await freePort()
  const child = new BenchProcess({
    command: command(port),
    core,
    environment: { ...upstreamEnvironment(stage), ...environment, PORT: String(port) },
    output: logFile ?? join(stage.folder, 'servers.log'),
    cwd,
    answers,
  })
  await untilListening(child, port)
  return { name, origin: `http://127.0.0.1:${port}`, process: child }
}

/** How an application under test may differ. */
interface ApplicationOptions {
  name?: string
  environment?: Record<string, string>
  nodeOptions?: string[]
  core?: number
  /** True with a module in `nodeOptions` that answers the bench. */
  answers?: boolean
}

let applications = 0

/** The application as it is deployed: `node src/main.ts`, its log in a file, sessions in SQLite, no rate limit. */
export function startApplication(
  stage: Stage,
  { name = 'application', environment = {}, nodeOptions = [], ...rest }: ApplicationOptions = {},
): Promise<Contender> {
  const id = ++applications
  return start(stage, {
    name,
    command: () => [process.execPath, ...nodeOptions, 'src/main.ts'],
    environment: {
      SESSION_SECRET: 'secret of the bench',
      SESSION_STORE: `sqlite:${join(stage.folder, `sessions-${id}.sqlite`)}`,
      RATE_LIMIT: '0',
      ...environment,
    },
    logFile: join(stage.folder, `application-${id}.log`),
    ...rest,
  })
}

const reference = (file: string) => () => [process.execPath, join(import.meta.dirname, 'references', file)]

/** Express 5 that sends `page` as a constant. */
export function startConstant(stage: Stage, page: string): Promise<Contender> {
  const file = join(stage.folder, 'page.html')
  writeFileSync(file, page)
  return start(stage, {
    name: 'Express, constant page',
    command: reference('constant.ts'),
    environment: { PAGE_FILE: file },
  })
}

/** Express 5, express-session in memory, and the AWS SDK with a new S3 client per request. */
export const startBareSignIn = (stage: Stage): Promise<Contender> =>
  start(stage, { name: 'Express + express-session + AWS SDK, bare', command: reference('bare-sign-in.ts') })

/** Why the Flask peer cannot be measured here; `undefined` where it can. */
export const flaskMissing: string | undefined =
  spawnSync(debianPython, ['-c', 'import flask, boto3, gunicorn']).status === 0
    ? undefined
    : "Debian's python3-flask, python3-boto3 and gunicorn are not installed: the Flask peer is not measured"

/**
 * The Flask peer under gunicorn with one worker process, since there is one core. boto3 makes clients on one thread only;
 * shared ones may be used from many.
 */
function startFlask(stage: Stage, shape: 'sample' | 'pooled'): Promise<Contender> {
  const threads = shape === 'sample' ? '1' : '8'
  const options = ['--worker-class', 'gthread', '--threads', threads, '--workers', '1', '--keep-alive', '60']
  const address = (port: number) => ['--bind', `127.0.0.1:${port}`]
  const log = ['--access-logfile', join(stage.folder, `flask-${shape}.log`)]
  return start(stage, {
    name: shape === 'sample' ? 'Flask, a client per call' : 'Flask, shared clients',
    command: (port) => [
      debianPython,
      '-m',
      'gunicorn',
      ...options,
      ...log,
      ...address(port),
      'flask_peer:app',
    ],
    cwd: join(import.meta.dirname, 'references'),
    environment: { SHAPE: shape, PYTHONDONTWRITEBYTECODE: '1' },
  })
}

/** The Flask peer in these shapes; none where it is not installed. */
export const startFlasks = (stage: Stage, shapes: ('sample' | 'pooled')[]): Promise<Contender[]> =>
  Promise.all(flaskMissing ? [] : shapes.map((shape) => startFlask(stage, shape)))
