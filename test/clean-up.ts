import { afterAll, vi } from 'vitest'

/** Files share a process, and none finds what another has put in the place of clock, functions and environment. */
afterAll(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})
