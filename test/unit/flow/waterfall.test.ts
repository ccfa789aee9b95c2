import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { waterfall } from '../../../src/flow/waterfall.ts'

describe('the bars of a waterfall', () => {
  it('begin and end where their calls do, from the first start to the last end', () => {
    const calls = [
      { startMs: 10, durationMs: 50 },
      { startMs: 60, durationMs: 20 },
      { startMs: 60, durationMs: 50 },
    ]
    expect(waterfall(calls)).toEqual([
      { x: 0, width: 500 },
      { x: 500, width: 200 },
      { x: 500, width: 500 },
    ])
  })

  it('can be seen, and stay inside, whatever the times are', () => {
    const call = fc.record({
      startMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
      durationMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.array(call, { maxLength: 12 }), (calls) => {
        const bars = waterfall(calls)
        expect(bars).toHaveLength(calls.length)
        for (const { x, width } of bars) {
          expect(x).toBeGreaterThanOrEqual(0)
          expect(width).toBeGreaterThan(0)
          expect(x + width).toBeLessThanOrEqual(1000)
          expect([x, width].every(Number.isInteger)).toBe(true)
        }
      }),
    )
  })
})
