import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createPrometheus } from '../../../src/observe/prometheus.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

const minute = 60_000

describe('sessions_active', () => {
  const activeOf = async (metrics: ReturnType<typeof createPrometheus>) =>
    /^sessions_active (\d+)$/m.exec(await metrics.text())?.[1]

  it('counts each session once, however many pages it is served', async () => {
    const metrics = createPrometheus()
    expect(await activeOf(metrics)).toBe('0')
    for (const id of ['one', 'two', 'one', 'one']) metrics.sessionSeen(id)
    expect(await activeOf(metrics)).toBe('2')
  })

  it('forgets a session five minutes after its last page, in whatever order they came', async () => {
    const metrics = createPrometheus()
    metrics.sessionSeen('goes')
    metrics.sessionSeen('stays')
    vi.setSystemTime(Date.now() + 3 * minute)
    metrics.sessionSeen('stays')
    vi.setSystemTime(Date.now() + 2 * minute)
    expect(await activeOf(metrics)).toBe('1')
    vi.setSystemTime(Date.now() + 3 * minute)
    expect(await activeOf(metrics)).toBe('0')
  })
})
