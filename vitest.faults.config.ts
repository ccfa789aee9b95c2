import { defineConfig } from 'vitest/config'

/** `npm run test:faults`: every fault at every party, and whether docs/faults.md still says what came of it. */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    reporters: ['default', './test/plain-summary.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
})
