import { startApplication, startFilling } from '../contenders.ts'
import { type GrowingStore, growingRedis, growingSqlite } from '../growing-store.ts'
import { plot } from '../plot.ts'
import { redisMissing } from '../redis.ts'
import { figure, type Row } from '../report.ts'
import type { Stage } from '../stage.ts'
import { viewOwnPages } from '../view-own-pages.ts'

interface Size {
  sessions: number
  /** Resident memory of the application, in megabytes. */
  applicationMb: number
  /** What the records take, in megabytes. */
  heldMb: number
}

const megabytes = (bytes: number): number => bytes / 1e6
/** So many people are signed in one by one; the others are copies of them. */
const originals = 100
/** A million sessions take about 8 GB, whether in a file or in Redis; the machine needs some for itself. */
const wantedBytes = 12e9

async function grow(stage: Stage, store: GrowingStore): Promise<Size[]> {
  const application = await startApplication(stage, {
    probed: true,
    environment: { SESSION_STORE: store.url },
  })
  const filling = startFilling(store.url)
  const headers = await filling.ask<string[]>('fill', { from: 0, to: 1, each: 1 })
  const sizeAt = async (sessions: number): Promise<Size> => {
    await viewOwnPages(application, headers, stage.quick ? 10 : 200)
    await application.process.ask('heapBytesHeld')
    return {
      sessions,
      applicationMb: megabytes(application.process.residentBytes()),
      heldMb: megabytes(store.heldBytes()),
    }
  }
  await viewOwnPages(application, headers, stage.quick ? 10 : 1_000)
  const sizes = [await sizeAt(1)]

  headers.push(...(await filling.ask<string[]>('fill', { from: 1, to: originals, each: 1 })))
  await filling.stop()
  const multiplier = await store.multiplier()
  let sessions = originals
  for (const wanted of stage.quick ? [1_000] : [1_000, 10_000, 100_000, 1_000_000]) {
    if (wanted > 100_000 && store.roomBytes() < wantedBytes) break
    await multiplier.copy((wanted - sessions) / originals)
    sessions = wanted
    sizes.push(await sizeAt(sessions))
  }
  multiplier.close()
  await application.process.stop()
  return sizes
}

/** What sessions take, in the application and in the store. */
export const growthSessions: Row = {
  name: 'growth-sessions',
  title: 'how memory grows with sessions',
  async run(stage) {
    await stage.setUpstream({ delayMs: 0, buckets: 10 })
    const stores = [growingSqlite(stage), ...(redisMissing ? [] : [await growingRedis(stage)])]
    const grown: { name: string; holder: string; sizes: Size[] }[] = []
    for (const store of stores) grown.push({ ...store, sizes: await grow(stage, store) })
    const all = [...new Set(grown.flatMap(({ sizes }) => sizes.map(({ sessions }) => sessions)))]
    return {
      bars: [],
      tables: [
        {
          head: [
            'sessions',
            ...grown.flatMap(({ name, holder }) => [`${name}: application MB`, `${name}: ${holder} MB`]),
          ],
          rows: all.map((sessions) => [
            figure(sessions),
            ...grown.flatMap(({ sizes }) => {
              const size = sizes.find((size) => size.sessions === sessions)
              return size ? [size.applicationMb, size.heldMb].map(figure) : ['-', '-']
            }),
          ]),
        },
      ],
      notes: [
        `${originals} people are written through the application's own sealing and store code (\`bench/fill-sessions.ts\`), each with the session and the receipt of a sign-in with Amazon. All others are copies of their records under ids of their own, as large as theirs, which the store makes by itself (\`bench/multiply.ts\`). The application's memory is read after it has shown 200 pages to the ${originals} and collected its garbage.`,
        ...(stage.quick || all.includes(1_000_000)
          ? []
          : [`Fewer than a million: there was no room of ${figure(megabytes(wantedBytes))} MB for them.`]),
      ],
      plots: {
        sessions: plot({
          title: 'Memory over sessions',
          xLabel: 'sessions in the store',
          yLabel: 'megabytes',
          series: grown.flatMap(({ name, holder, sizes }) => [
            {
              name: `application, sessions in ${name}`,
              points: sizes.map(({ sessions, applicationMb }) => [sessions, applicationMb]),
            },
            { name: `${name}'s ${holder}`, points: sizes.map(({ sessions, heldMb }) => [sessions, heldMb]) },
          ]),
        }),
      },
    }
  },
}
