import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const browserTests = 'test/browser/**/*.test.ts'
/** What takes long and rarely breaks alone: `npm run test:slow`. */
export const slowTests = [
  'test/bench/rows.test.ts',
  'test/browser/accessibility.test.ts',
  'test/faults/**/*.test.ts',
  'test/deploy/bundle.test.ts',
  'test/doctor/process.test.ts',
  'test/process/demo-https.test.ts',
  'test/process/slow-clients.test.ts',
  'test/process/demo-start-time.test.ts',
  'test/sessions/behind-nginx.test.ts',
  'test/sessions/instances.test.ts',
  'test/sessions/own-credentials.test.ts',
  'test/sessions/store-failure.test.ts',
]

export default defineConfig({
  test: {
    reporters: ['default', './test/plain-summary.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // To load the application, the SDK and the sandbox anew for each file took a third of the whole run.
    isolate: false,
    setupFiles: './test/clean-up.ts',
    // Most of a test's time is waiting for a browser or a process of its own.
    maxWorkers: 2 * availableParallelism(),
    projects: [
      {
        extends: true,
        test: { name: 'node', include: ['test/**/*.test.ts'], exclude: [browserTests, ...slowTests] },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: [browserTests],
          exclude: slowTests,
          globalSetup: './test/browser/global-setup.ts',
        },
      },
    ],
  },
})
