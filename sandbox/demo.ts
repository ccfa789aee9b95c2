import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { demoHome, demoPermissionPolicy, seedDemoAccount } from './demo-account.ts'
import { demoPeople } from './identity/people.ts'
import { type Sandbox, startSandbox } from './sandbox.ts'

/** Sandbox and application together, on loopback, until Ctrl-C. */

const main = join(import.meta.dirname, '..', 'src', 'main.ts')
const port = process.env.PORT ?? '3000'

function startApplication({ environment }: Sandbox) {
  const env = {
    ...process.env,
    ...environment,
    S3_HOME: demoHome,
    PORT: port,
    LOG_LEVEL: 'info',
    SESSION_STORE: 'memory:',
    SESSION_SECRET: randomBytes(32).toString('base64url'),
  }
  return spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] })
}

function announce(origin: string, { sts, s3, amazon, roleArns }: Sandbox): void {
  const [person] = demoPeople
  process.stdout.write(`
  Open  ${origin}
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

const sandbox = await startSandbox({ permissionPolicy: demoPermissionPolicy })
await seedDemoAccount(sandbox.s3)
const application = startApplication(sandbox)
application.once('exit', async (status) => {
  await sandbox.close()
  process.exitCode = status ?? 0
})
const stop = () => application.kill('SIGTERM')
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
// The shell that npm starts this in passes on Ctrl-C and no other signal: when it is gone, so are we.
const shell = process.ppid
setInterval(() => process.ppid !== shell && stop(), 500).unref()

createInterface({ input: application.stdout }).on('line', (text) => {
  if (!text.startsWith('{')) return
  const line: LogLine = JSON.parse(text)
  if (line.msg === 'listening') {
    const origin = `http://localhost:${line.port}`
    sandbox.registerApplication(origin)
    sandbox.registerApplication(`http://127.0.0.1:${line.port}`)
    announce(origin, sandbox)
  }
  const message = forPeople(line)
  if (message) process.stdout.write(`${message}\n`)
})
await once(application, 'exit')
