import { afterAll, vi } from 'vitest'
import { canaries } from './flow/canaries.ts'

/** Files share a process, and none finds what another has put in the place of clock, functions and environment, or planted. */
afterAll(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  canaries.length = 0
})
