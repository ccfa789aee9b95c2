import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { BenchProcess, cores, portWritten } from './processes.ts'
import type { Stage } from './stage.ts'

/** Why rows with Redis cannot be measured here; `undefined` where they can. */
export const redisMissing: string | undefined =
  spawnSync('redis-server', ['--version']).status === 0
    ? undefined
    : 'redis-server is not installed: what needs it is not measured'

/** Below the ports that the system hands out by itself. */
const anyPort = (): number => 20_000 + Math.floor(Math.random() * 10_000)

/** A Redis that keeps everything in memory and nothing on disk. */
export async function startRedis(stage: Stage): Promise<{ url: string; process: BenchProcess }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = anyPort()
    const output = join(stage.folder, `redis-${port}.log`)
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', stage.folder, '--save', '']
    const process = new BenchProcess({ command: ['redis-server', ...options], core: cores.upstream, output })
    try {
      await portWritten(process, output, /port=(\d+)[\s\S]*Ready to accept connections/)
      return { url: `redis://127.0.0.1:${port}`, process }
    } catch (error) {
      if (attempt === 5) throw error
      await pause(100)
    }
  }
}
