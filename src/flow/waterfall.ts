import type { Call } from './receipt.ts'

/** Where a call lies on the axis of its journey, in thousandths of the whole. */
export interface Bar {
  x: number
  width: number
}

/** Too short a call would not be seen. */
const narrowest = 4
/** Our clock tells no less apart. */
const shortestWholeMs = 0.1

/** Bars for calls, in their order, over the time from the first start to the last end. */
export function waterfall(calls: readonly Pick<Call, 'startMs' | 'durationMs'>[]): Bar[] {
  const start = Math.min(...calls.map(({ startMs }) => startMs))
  const end = Math.max(...calls.map(({ startMs, durationMs }) => startMs + durationMs))
  const scale = 1000 / Math.max(end - start, shortestWholeMs)
  return calls.map(({ startMs, durationMs }) => {
    const width = Math.max(narrowest, Math.round(durationMs * scale))
    return { x: Math.min(Math.round((startMs - start) * scale), 1000 - width), width }
  })
}
