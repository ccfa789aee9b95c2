import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startApplication, startFilling } from '../contenders.ts'
import { measure } from '../measure.ts'
import type { BenchProcess } from '../processes.ts'
import { figure, type Row } from '../report.ts'
import { viewOwnPages } from '../view-own-pages.ts'

/** A request's deadline is held until it has passed, also where the request was over long before. */
const deadlinesOverMs = 30_000

interface Holdings {
  resident: number
  heap: number
}

/** Garbage is collected before resident memory is read. */
async function holdings(process: BenchProcess): Promise<Holdings> {
  const heap = await process.ask<number>('heapBytesHeld')
  return { resident: process.residentBytes(), heap }
}

const per = (count: number, before: Holdings, after: Holdings): Holdings => ({
  resident: (after.resident - before.resident) / count,
  heap: (after.heap - before.heap) / count,
})

const growth = (what: string, count: number, each: Holdings): string[] => [
  what,
  ...[count, each.resident, each.heap].map(figure),
]

/** What a signed-in person costs in memory with the embedded store. */
export const sessionMemory: Row = {
  name: 'session-memory',
  title: 'memory per signed-in session, embedded store',
  async run(stage) {
    const people = stage.quick ? 2_000 : 100_000
    const signIns = stage.quick ? 50 : 3_000
    await stage.setUpstream({ delayMs: 0, buckets: 10 })
    const store = `sqlite:${join(stage.folder, 'memory.sqlite')}`
    const application = await startApplication(stage, { probed: true, environment: { SESSION_STORE: store } })
    const filling = startFilling(store)
    const signInAll = (codes: string) =>
      measure(application, { kind: 'sign-in', codes, concurrency: 16, count: signIns })
    // As many as are measured: what the heap needs to breathe is then there already.
    await signInAll('before')
    await filling.ask('fill', { from: 0, to: 1_000, each: 1_000 })

    await pause(stage.quick ? 0 : deadlinesOverMs)
    const empty = await holdings(application.process)
    await signInAll('held')
    await pause(stage.quick ? 0 : deadlinesOverMs)
    const afterSignIns = await holdings(application.process)
    const fillingBefore = await holdings(filling)
    const headers = await filling.ask<string[]>('fill', { from: 1_000, to: people, each: people / 1_000 })
    const fillingAfter = await holdings(filling)
    await viewOwnPages(application, headers, headers.length)
    const full = await holdings(application.process)

    const inHttp = per(signIns, empty, afterSignIns)
    const inStore = per(people, fillingBefore, fillingAfter)
    const inAll = per(people, empty, full)
    const worst = Math.max(inStore.resident, inAll.resident)
    return {
      bars: [
        {
          work: `resident growth per session at ${figure(people)} sessions in SQLite`,
          bar: '< 1 kB',
          measured: `${figure(worst)} bytes`,
          met: worst < 1_000,
        },
        {
          work: `held in the heap per real sign-in once garbage is collected, after ${figure(signIns)} of them`,
          bar: 'nothing (< 100 bytes)',
          measured: `${figure(inHttp.heap)} bytes`,
          met: inHttp.heap < 100,
        },
      ],
      tables: [
        {
          head: ['', 'sessions', 'resident bytes each', 'heap bytes each'],
          rows: [
            growth('application: sign-ins over HTTP', signIns, inHttp),
            growth('application: from empty to full store, sign-ins and views', people, inAll),
            growth('a process that writes them all through the same store code', people, inStore),
          ],
        },
      ],
      notes: [
        `${figure(signIns)} people sign in over HTTP; the others are written to the same file by a second process through the application's own sealing and store code, and ${figure(headers.length)} of them then open their page. The application had as many sign-ins before anything was read, and ${deadlinesOverMs / 1000} seconds of rest each time, so that deadlines of requests are over.`,
      ],
    }
  },
}
