import { defineConfig } from 'vitest/config'

const browserTests = 'test/browser/**/*.test.ts'
/** Half a minute on their own: `npm run test:faults`. */
const faultTrials = 'test/faults/**'

export default defineConfig({
  test: {
    reporters: ['default', './test/plain-summary.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Most of a test's time is waiting for a browser or a process of its own.
    maxWorkers: '100%',
    projects: [
      {
        extends: true,
        test: { name: 'node', include: ['test/**/*.test.ts'], exclude: [browserTests, faultTrials] },
      },
      {
        extends: true,
        test: { name: 'browser', include: [browserTests], globalSetup: './test/browser/global-setup.ts' },
      },
    ],
  },
})
