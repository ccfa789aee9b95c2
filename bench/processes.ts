import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Question, Reply } from './ipc.ts'

/** The cores that this process may use, as in `0-3,6`. */
function allowedCores(): number[] {
  const [, list = '0'] = /^Cpus_allowed_list:\s+(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}

const allowed = allowedCores()
const at = (index: number): number => allowed.at(index) ?? 0

/** Who runs where: the server under test has the last core for itself; what plays the world shares the others. */
export const cores = {
  count: allowed.length,
  server: at(-1),
  load: at(0),
  upstream: at(allowed.length > 2 ? 1 : 0),
  /** For several servers at once: all that nobody else has. */
  servers: allowed.length > 3 ? allowed.slice(2) : [at(-1)],
}

const canPin = spawnSync('taskset', ['--version']).status === 0

/**
 * Keeps the bench itself off the core that is measured. Returns what keeps this machine from being a good place to
 * measure.
 * @throws Error where it is no place at all
 */
export function prepareMachine(): string[] {
  if (!existsSync('/proc/self/schedstat')) {
    throw new Error('the bench reads CPU and memory of its servers from /proc, and so runs on Linux only')
  }
  if (canPin) {
    spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(cores.load), String(process.pid)])
  }
  return [
    ...(canPin ? [] : ['taskset is missing: the processes are not pinned to cores']),
    ...(cores.count > 1 ? [] : ['there is one core only: load generator and server share it']),
  ]
}

interface Start {
  command: readonly string[]
  core: number
  environment?: Record<string, string>
  cwd?: string
  /** Where its output goes. */
  output?: string
  /** True where it answers questions of the bench. */
  answers?: boolean
}

/** A process of its own, pinned to one core, and what it costs. */
export class BenchProcess {
  readonly startedAt = performance.now()
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #replies = new Map<number, (reply: Reply) => void>()
  #questions = 0

  constructor({ command, core, environment, cwd, output = '/dev/null', answers = false }: Start) {
    const [file = '', ...rest] = canPin ? ['taskset', '--cpu-list', String(core), ...command] : command
    const log = openSync(output, 'a')
    this.#child = spawn(file, rest, {
      ...(cwd && { cwd }),
      env: { PATH: process.env.PATH, NODE_ENV: 'production', ...environment },
      // What goes wrong in a process that answers the bench is the bench's fault, and shown.
      stdio: answers ? ['ignore', log, 'inherit', 'ipc'] : ['ignore', log, log],
    })
    closeSync(log)
    this.#exited = once(this.#child, 'exit')
    this.#child.on('message', (reply: Reply) => this.#replies.get(reply.id)?.(reply))
    running.add(this)
    void this.#exited.then(() => running.delete(this))
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Asks what `answerBench` answers there. */
  async ask<T>(name: string, argument: unknown = null): Promise<T> {
    const id = ++this.#questions
    const { promise, resolve } = Promise.withResolvers<Reply>()
    this.#replies.set(id, resolve)
    this.#child.send({ id, name, argument } satisfies Question)
    const gone = this.#exited.then(() => ({ id, problem: 'the process ended' }))
    const { result, problem } = await Promise.race<Reply>([promise, gone])
    this.#replies.delete(id)
    if (problem !== undefined) throw new Error(`${name}: ${problem}`)
    return result as T
  }

  /** CPU time of the process, its threads and its children, in milliseconds. */
  cpuMs(): number {
    return familyOf(this.pid)
      .flatMap(threadsOf)
      .reduce((sum, thread) => sum + cpuMsOf(thread), 0)
  }

  /** Resident memory of the process and its children, in bytes. */
  residentBytes(): number {
    return familyOf(this.pid).reduce((sum, pid) => sum + residentBytesOf(pid), 0)
  }

  async stop(): Promise<void> {
    if (this.hasEnded) return
    this.#child.kill('SIGTERM')
    const overdue = setTimeout(() => this.#child.kill('SIGKILL'), 5_000)
    await this.#exited
    clearTimeout(overdue)
  }
}

const running = new Set<BenchProcess>()

/** Ends whatever is still running. */
export const stopAll = async (): Promise<void> => {
  await Promise.all([...running].map((one) => one.stop()))
}

/**
 * Waits until a server has written to `output` which port it listens on: the first group of `pattern`. Nobody else can
 * have the port then, unlike one that was looked for beforehand.
 * @throws Error where the process ends first, or after a minute
 */
export async function portWritten(child: BenchProcess, output: string, pattern: RegExp): Promise<number> {
  const deadline = performance.now() + 60_000
  for (;;) {
    const written = readFileSync(output, 'utf8')
    const [, port] = pattern.exec(written) ?? []
    if (port !== undefined) return Number(port)
    if (child.hasEnded) throw new Error(`a server ended before it listened:\n${written}`)
    if (performance.now() > deadline) throw new Error(`a server does not listen:\n${written}`)
    await pause(5)
  }
}

/** Reads a file of /proc; empty where the process or thread has ended. */
function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8')
  } catch {
    return ''
  }
}

function familyOf(pid: number): number[] {
  const children = readProc(`${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
  return [pid, ...children.flatMap(familyOf)]
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => `${pid}/task/${thread}`)
  } catch {
    return []
  }
}

/** The first figure of schedstat is the time on a CPU in nanoseconds. */
const cpuMsOf = (thread: string): number => Number(readProc(`${thread}/schedstat`).split(' ')[0]) / 1e6

const residentBytesOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readProc(`${pid}/status`))?.[1] ?? 0) * 1024
