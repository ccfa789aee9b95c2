import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { demoPeople } from './identity/people.ts'
import { type Sandbox, startSandbox } from './sandbox.ts'

/** Sandbox and application together, on loopback, until Ctrl-C. */

const main = join(import.meta.dirname, '..', 'src', 'main.ts')
const port = process.env['PORT'] ?? '3000'

function startApplication({ environment }: Sandbox) {
  const env = {
    ...process.env,
    ...environment,
    PORT: port,
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

/** One line for people out of one of the application's log lines; `undefined` for what would only be noise here. */
function forPeople(line: string): string | undefined {
  const { level, msg, code, audit } = JSON.parse(line) as Record<string, string | undefined>
  if (level === 'warn' || level === 'error' || level === 'fatal') return `  [${level}] ${code ?? ''} ${msg}`
  return audit ? `  [${audit}] ${msg}` : undefined
}

const sandbox = await startSandbox()
const application = startApplication(sandbox)
application.once('exit', async (status) => {
  await sandbox.close()
  process.exitCode = status ?? 0
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => application.kill('SIGTERM'))

createInterface({ input: application.stdout }).on('line', (line) => {
  const { msg, port: actualPort } = JSON.parse(line) as { msg: string; port?: number }
  if (msg === 'listening') {
    const origin = `http://localhost:${actualPort}`
    sandbox.registerApplication(origin)
    sandbox.registerApplication(`http://127.0.0.1:${actualPort}`)
    announce(origin, sandbox)
  }
  const text = forPeople(line)
  if (text) process.stdout.write(`${text}\n`)
})
await once(application, 'exit')
