import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

/** Whether a program of this name is found on the path. */
export const isInstalled = (program: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })

/** Waits until `condition` holds. @throws Error after `patienceMs` milliseconds, or what `condition` throws */
export async function until(
  condition: () => boolean | Promise<boolean>,
  patienceMs: number,
  what: string,
): Promise<void> {
  const deadline = Date.now() + patienceMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${patienceMs} ms in vain until ${what}`)
    await sleep(50)
  }
}

type Environment = Record<string, string>

/** Runs a program to its end; resolves to its standard output. @throws Error with what it said */
export async function runProgram(
  program: string,
  parameters: string[],
  environment: Environment,
): Promise<string> {
  const { stdout } = await promisify(execFile)(program, parameters, {
    env: { ...process.env, ...environment },
    timeout: 60_000,
  })
  return stdout
}

/** A program that runs until it is killed, and never longer than this process. */
export class Daemon {
  readonly #program: string
  readonly #child: ChildProcess
  readonly #gone: Promise<unknown>
  #complaints = ''

  constructor(program: string, parameters: string[], environment: Environment) {
    this.#program = program
    // Linux itself ends the daemon if this process dies without a chance to do so.
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...parameters], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#gone = once(this.#child, 'close')
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-4_000)
    })
  }

  /** `true`. @throws Error with its last words if it has ended */
  stillRuns(): true {
    const { exitCode, signalCode } = this.#child
    if (exitCode === null && signalCode === null) return true
    throw new Error(`${this.#program} ended with ${exitCode ?? signalCode}:\n${this.#complaints}`)
  }

  /** Ends it at once: there is nothing to be saved. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#gone
  }
}
