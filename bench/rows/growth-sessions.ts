import { statSync } from 'node:fs'
import { freemem } from 'node:os'
import { join } from 'node:path'
import { startFilling } from '../contenders.ts'
import { plot, type Series } from '../plot.ts'
import { redisMissing, startRedis } from '../redis.ts'
import { figure, type Row } from '../report.ts'
import type { Stage } from '../stage.ts'

interface Size {
  sessions: number
  /** Resident memory of the process that uses the store, in megabytes. */
  processMb: number
  /** What the store itself takes, in megabytes: a file, or Redis's resident memory. */
  storeMb: number
}

const megabytes = (bytes: number): number => bytes / 1e6
/** A million sessions in Redis take about 4 GB. */
const memoryWantedMb = 8_000

async function fill(stage: Stage, store: string, storeBytes: () => number): Promise<Size[]> {
  const filling = startFilling(store)
  const steps = stage.quick ? [1, 1_000] : [1, 1_000, 10_000, 100_000, 1_000_000]
  const sizes: Size[] = []
  let from = 0
  for (const sessions of steps) {
    if (megabytes(freemem()) < memoryWantedMb && sessions > 100_000) break
    await filling.ask('fill', { from, to: sessions, each: sessions })
    await filling.ask('heapBytesHeld')
    from = sessions
    sizes.push({
      sessions,
      processMb: megabytes(filling.residentBytes()),
      storeMb: megabytes(storeBytes()),
    })
  }
  await filling.stop()
  return sizes
}

const fileBytes = (path: string): number =>
  ['', '-wal'].reduce(
    (sum, suffix) => sum + (statSync(path + suffix, { throwIfNoEntry: false })?.size ?? 0),
    0,
  )

/** What sessions take, in the process and in the store. */
export const growthSessions: Row = {
  name: 'growth-sessions',
  title: 'how memory grows with sessions',
  async run(stage) {
    const path = join(stage.folder, 'growth.sqlite')
    const sqlite = await fill(stage, `sqlite:${path}`, () => fileBytes(path))
    const redis = redisMissing ? undefined : await startRedis(stage)
    const inRedis = redis ? await fill(stage, redis.url, () => redis.process.residentBytes()) : []
    await redis?.process.stop()
    const stores = [
      { name: 'SQLite', store: 'file', sizes: sqlite },
      { name: 'Redis', store: 'server', sizes: inRedis },
    ].filter(({ sizes }) => sizes.length > 0)
    return {
      bars: [],
      tables: [
        {
          head: [
            'sessions',
            ...stores.flatMap(({ name, store }) => [`${name}: process MB`, `${name}: ${store} MB`]),
          ],
          rows: sqlite.map(({ sessions }, index) => [
            figure(sessions),
            ...stores.flatMap(({ sizes }) => {
              const size = sizes[index]
              return [size?.processMb, size?.storeMb].map((value) => figure(value ?? Number.NaN))
            }),
          ]),
        },
      ],
      notes: [
        "Written in bulk by one process through the application's own sealing and store code (`bench/fill-sessions.ts`), without HTTP; the record of a sign-in with Amazon.",
        ...(sqlite.at(-1)?.sessions === 1_000_000 || stage.quick
          ? []
          : [`Fewer than a million: the machine had less than ${figure(memoryWantedMb)} MB of free memory.`]),
      ],
      plots: {
        sessions: plot({
          title: 'Memory over sessions',
          xLabel: 'sessions',
          yLabel: 'megabytes',
          series: stores.flatMap(({ name, store, sizes }): Series[] => [
            {
              name: `${name}: process`,
              points: sizes.map(({ sessions, processMb }) => [sessions, processMb]),
            },
            {
              name: `${name}: ${store}`,
              points: sizes.map(({ sessions, storeMb }) => [sessions, storeMb]),
            },
          ]),
        }),
      },
    }
  },
}
