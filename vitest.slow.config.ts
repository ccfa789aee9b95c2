import { defineConfig } from 'vitest/config'
import { slowTests } from './vitest.config.ts'

/** `npm run test:slow`: processes behind balancers, stores that fail, the bundle, every fault at every party, axe on every page. */
export default defineConfig({
  test: {
    include: slowTests,
    globalSetup: './test/browser/global-setup.ts',
    reporters: ['default', './test/plain-summary.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    maxWorkers: '100%',
  },
})
