import { defineConfig } from 'vitest/config'

/** The tests that need Ceph's programs. They are started by `npm run test:ceph`. */
export default defineConfig({
  test: {
    include: ['test/ceph/**/*.ceph.ts'],
    globalSetup: './test/browser/global-setup.ts',
    reporters: ['default', './test/plain-summary.ts'],
    // Mostly waiting, and each file has a gateway of its own.
    maxWorkers: 4,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
