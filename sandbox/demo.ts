import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { demoHome, demoPermissionPolicy, seedDemoAccount } from './demo-account.ts'
import { demoPeople } from './identity/people.ts'
import { type Sandbox, startSandbox } from './sandbox.ts'
import { startTlsProxy, type TlsProxy } from './tls-proxy.ts'

/** Sandbox and application together, on loopback, until Ctrl-C. With `--https`, TLS ends in front of the application. */

const main = join(import.meta.dirname, '..', 'src', 'main.ts')
const port = process.env.PORT ?? '3000'
const withTls = process.argv.includes('--https')

function startApplication({ environment }: Sandbox) {
  const env = {
    ...process.env,
    // Of an installation, where somebody prepares one in the same shell.
    PUBLIC_URL: '',
    TRUST_PROXY: '',
    NODE_ENV: '',
    ...environment,
    S3_HOME: demoHome,
    PORT: withTls ? '0' : port,
    LOG_LEVEL: 'info',
    SESSION_STORE: 'memory:',
    SESSION_SECRET: randomBytes(32).toString('base64url'),
  }
  return spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] })
}

function announce(origin: string, { sts, s3, amazon, roleArns }: Sandbox): void {
  const [person] = demoPeople
  const warning = withTls
    ? '\n  Your browser warns of the certificate, which nobody vouches for: continue all the same.'
    : ''
  process.stdout.write(`
  Open  ${origin}${warning}
  Click "Login with Amazon", then "Continue as ${person?.name}": your buckets appear.
  Google and Facebook work the same way. Everything is local and made up. Ctrl-C stops it all.

  From the command line, with the official AWS CLI:
    export AWS_REGION=us-east-1 AWS_ENDPOINT_URL_STS=${sts.url} AWS_ENDPOINT_URL_S3=${s3.url}
    aws sts assume-role-with-web-identity --endpoint-url $AWS_ENDPOINT_URL_STS \\
      --role-arn ${roleArns.amazon} --role-session-name demo --provider-id www.amazon.com \\
      --web-identity-token '${person ? amazon.issueAccessToken(person) : ''}'
    aws s3api list-buckets --endpoint-url $AWS_ENDPOINT_URL_S3    # with the credentials of the answer exported

`)
}

/** One of the application's log lines. */
interface LogLine {
  level: string
  msg: string
  code?: string
  audit?: string
  port?: number
}

/** A log line for people; `undefined` for what would only be noise here. */
function forPeople({ level, msg, code = '', audit }: LogLine): string | undefined {
  if (['warn', 'error', 'fatal'].includes(level)) return `  [${level}] ${code} ${msg}`
  return audit && `  [${audit}] ${msg}`
}

/** Makes the application known under the origin that is to be opened. */
async function open(applicationPort: number): Promise<void> {
  if (withTls) proxy = await startTlsProxy(applicationPort, Number(port))
  const origin = proxy?.url ?? `http://localhost:${applicationPort}`
  sandbox.registerApplication(origin)
  sandbox.registerApplication(origin.replace('localhost', '127.0.0.1'))
  announce(origin, sandbox)
}

/** Ends all of it with one line that says why. */
function giveUp(error: NodeJS.ErrnoException): void {
  const inUse = error.code === 'EADDRINUSE'
  process.stderr.write(
    `cannot start: ${inUse ? `port ${port} is already in use (PORT chooses another)` : error.message}\n`,
  )
  process.exitCode = 1
  application.kill('SIGTERM')
}

const sandbox = await startSandbox({ permissionPolicy: demoPermissionPolicy })
await seedDemoAccount(sandbox.s3)
let proxy: TlsProxy | undefined
const application = startApplication(sandbox)
application.once('exit', async (status) => {
  await Promise.all([sandbox.close(), proxy?.close()])
  process.exitCode ??= status ?? 0
})
const stop = () => application.kill('SIGTERM')
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
// The shell that npm starts this in passes on Ctrl-C and no other signal: when it is gone, so are we.
const shell = process.ppid
setInterval(() => process.ppid !== shell && stop(), 500).unref()

createInterface({ input: application.stdout }).on('line', (text) => {
  if (!text.startsWith('{')) return
  const line: LogLine = JSON.parse(text)
  if (line.msg === 'listening' && line.port !== undefined) open(line.port).catch(giveUp)
  const message = forPeople(line)
  if (message) process.stdout.write(`${message}\n`)
})
await once(application, 'exit')
