import type { Server } from './contenders.ts'
import { type Measurement, measure } from './measure.ts'

/**
 * Shows people their bucket page, `count` times in all. `headers`: the header line of each, from `fill-sessions.ts`,
 * whose sessions are as good as any.
 */
export const viewOwnPages = (application: Server, headers: string[], count: number): Promise<Measurement> =>
  measure(application, { kind: 'page', path: '/s3/', status: 200, headers, concurrency: 8, count })
