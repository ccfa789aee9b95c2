import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Job, Outcome } from './load/job.ts'
import { BenchProcess, cores, stopAll } from './processes.ts'

/** How the upstream stand-in behaves. */
interface UpstreamSettings {
  delayMs: number
  /** Of the account that everybody's credentials open. */
  buckets: number
}

/** What the stand-in saw since it was last set. */
interface UpstreamCounts {
  /** Connections that were opened to it. */
  connections: number
  /** Calls that it answered, by name. */
  calls: Record<string, number>
  /** Query of the last ListBuckets. */
  listQuery: string
}

/** What stands around the servers under test, for one row. */
export interface Stage {
  /** True for the short version, whose figures say nothing. */
  quick: boolean
  /** Folder of another checkout whose application is measured beside this one's. */
  against: string | undefined
  /** Scratch files; removed at the end. */
  folder: string
  /** Origin of the upstream stand-in. */
  upstreamUrl: string
  load(job: Job): Promise<Outcome>
  /** Signs one person in, and returns the header line of their requests. */
  signIn(origin: string): Promise<string>
  setUpstream(settings: Partial<UpstreamSettings>): Promise<void>
  upstreamCounts(): Promise<UpstreamCounts>
  /** By authorization code: how long each upstream call was held. Only with a delay. */
  upstreamHeld(): Promise<[code: string, ms: Record<string, number>][]>
  close(): Promise<void>
}

const script = (path: string): string[] => [process.execPath, join(import.meta.dirname, path)]

/** Starts load generator and upstream stand-in. */
export async function startStage({ quick, against }: Pick<Stage, 'quick' | 'against'>): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const output = join(folder, 'stage.log')
  const generator = new BenchProcess({
    command: script('load/generator.ts'),
    core: cores.load,
    output,
    answers: true,
  })
  const upstream = new BenchProcess({
    command: script('upstream/stand-in.ts'),
    core: cores.upstream,
    output,
    answers: true,
  })
  const port = await upstream.ask<number>('listen')
  let people = 0
  return {
    quick,
    against,
    folder,
    upstreamUrl: `http://127.0.0.1:${port}`,
    load: (job) => generator.ask('run', job),
    signIn: (origin) => generator.ask('signIn', { origin, code: `person-${people++}` }),
    setUpstream: (settings) => upstream.ask('set', settings),
    upstreamCounts: () => upstream.ask('counts'),
    upstreamHeld: () => upstream.ask('held'),
    async close() {
      await stopAll()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
