import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Root of the repository. */
const root = join(import.meta.dirname, '..', '..')

export const mainFile = join(root, 'src', 'main.ts')
export const demoFile = join(root, 'sandbox', 'demo.ts')

interface Started {
  /** Everything written so far. */
  stdout: string
  stderr: string
}

/** How a process ended. */
export interface Ended extends Started {
  status: number | null
  signal: NodeJS.Signals | null
}

/** Node 22 announces its SQLite as experimental, in two lines. */
const nodesOwnWarnings = /^\(node:\d+\) ExperimentalWarning: SQLite .*\n\(Use `node --trace-warnings .*\n/gm

/** A real process, killed with its children when the test that started it is over. */
export class Running {
  readonly child: ChildProcess
  readonly #written: Started = { stdout: '', stderr: '' }
  readonly #ended: Promise<Ended>

  constructor(child: ChildProcess) {
    this.child = child
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (text: string) => {
        this.#written[name] += text
      })
    }
    this.#ended = once(child, 'close').then(([status, signal]) => {
      const { stdout, stderr } = this.#written
      return { stdout, stderr: stderr.replace(nodesOwnWarnings, ''), status, signal }
    })
  }

  get stdout(): string {
    return this.#written.stdout
  }

  /** Resolves when the process is gone and all that it wrote has been read. */
  ended(): Promise<Ended> {
    return this.#ended
  }

  /** The first group of `pattern` as soon as it stands in the standard output. @throws Error if the process ends first */
  async says(pattern: RegExp): Promise<string> {
    const ended = this.#ended.then(({ status, stdout, stderr }) => {
      throw new Error(`ended with ${status} and never said ${pattern}:\n${stdout}${stderr}`)
    })
    for (;;) {
      const match = pattern.exec(this.stdout)
      if (match) {
        ended.catch(() => {})
        return match[1] ?? match[0]
      }
      await Promise.race([once(this.child.stdout as NodeJS.ReadableStream, 'data'), ended])
    }
  }

  /** Sends `signal` to this process alone. */
  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** Sends `signal` to the whole group, as a terminal does with Ctrl-C. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-(this.child.pid as number), signal)
  }
}

/** What Node has compiled once it need not compile in every process that the tests start. */
const compileCache = join(root, 'node_modules', '.cache', 'node-compile')

/** An empty folder to work in, removed when the test is over. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'web-identity-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Starts `command` in a process group of its own, with PATH and `environment` and nothing else of ours. */
export function run(
  [command = '', ...commandArguments]: string[],
  environment: Record<string, string> = {},
  cwd = root,
): Running {
  const child = spawn(command, commandArguments, {
    cwd,
    env: { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: compileCache, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const running = new Running(child)
  onTestFinished(async () => {
    try {
      running.signalGroup('SIGKILL')
    } catch {
      // Nobody of the group is left.
    }
    await running.ended()
  })
  return running
}

/** Starts the application alone; by default on a free port and with sessions in memory. */
export const runMain = (environment: Record<string, string> = {}, cwd = root): Running =>
  run([process.execPath, mainFile], { PORT: '0', SESSION_STORE: 'memory:', ...environment }, cwd)

/** The origin of an application that has been started, once it listens. */
export async function originOf(main: Running): Promise<string> {
  return `http://127.0.0.1:${await main.says(/"port":(\d+),"msg":"listening"/)}`
}

/** Whether anybody takes a connection to that origin's port. */
export async function isServed(origin: string): Promise<boolean> {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return false
    throw error
  } finally {
    socket.destroy()
  }
}
