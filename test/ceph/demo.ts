import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { demoPeople } from '../../sandbox/identity/people.ts'
import { createBuckets, Gateway } from './gateway.ts'

/** The application on a RADOS Gateway of its own, on loopback, until Ctrl-C. */

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')
const port = process.env.PORT ?? '3000'

const gateway = await Gateway.start()
for (const [index, person] of demoPeople.entries()) {
  const letter = String.fromCharCode('a'.charCodeAt(0) + index)
  await createBuckets(await gateway.s3Of(person), [
    `${letter}-archive`,
    `${letter}-drawings`,
    `${letter}-notes`,
  ])
}
gateway.registerApplication(`http://localhost:${port}`)
process.stdout.write(`
  Open  http://localhost:${port}
  Each person sees the buckets that they own. Ctrl-C stops it all, and removes every file.

${Object.entries(gateway.environment)
  .map(([name, value]) => `    ${name}=${value}\n`)
  .join('')}
`)
const env = { ...process.env, ...gateway.environment, PORT: port, SESSION_STORE: 'memory:' }
const application = spawn(process.execPath, [main], { env, stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => application.kill('SIGTERM'))
const [status] = await once(application, 'exit')
await gateway.close()
process.exitCode = status ?? 0
