import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { vi } from 'vitest'
import { testSecret } from '../application.ts'

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')

/** One instance of the application, in a process of its own. */
export interface Instance {
  port: number
  /** Every line that it wrote. */
  lines: string[]
  /** Kills it without warning. */
  kill(): Promise<void>
  /** Tells it to stop; resolves with its exit code and how long it took. */
  stop(): Promise<{ exitCode: number | null; stopMs: number }>
}

/** Whether an instance says that it can serve people. */
export const isReady = async (port: number): Promise<boolean> =>
  (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200

/** Starts `node src/main.ts` and waits until it is ready to serve. */
export async function startInstance(environment: Record<string, string>): Promise<Instance> {
  const instance = await launch(environment)
  await vi.waitUntil(() => isReady(instance.port), { timeout: 5_000, interval: 20 })
  return instance
}

/** Starts `node src/main.ts`, on a free port unless `PORT` says another, and waits until it listens. */
export async function launch(environment: Record<string, string>): Promise<Instance> {
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'production',
    SESSION_SECRET: testSecret,
    PORT: '0',
    RATE_LIMIT: '0',
    ...environment,
  }
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => lines.push(line))
  const port = await portOf(child, lines)
  const exited = once(child, 'exit')
  return {
    port,
    lines,
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async stop() {
      const startedAt = performance.now()
      child.kill('SIGTERM')
      const [exitCode] = await exited
      return { exitCode, stopMs: Math.round(performance.now() - startedAt) }
    },
  }
}

/** The port that the log names. */
function portOf(child: ChildProcess, lines: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    if (!child.stdout) return reject(new Error('the process has no output'))
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      const { msg, port } = JSON.parse(line) as { msg: string; port: number }
      if (msg === 'listening') resolve(port)
    })
    child.once('exit', () => reject(new Error(`the process ended: ${lines.join('\n')}`)))
  })
}
