import type { Reporter, TestModule } from 'vitest/node'

/** Ends a run with the plain line `N passed, N failed` (and `, N skipped`), for whoever counts tests by reading. */
export default class PlainSummary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const count = (state: string) => tests.filter((test) => test.result().state === state).length
    // A file that cannot be loaded, or a hook that fails, has no failed test to count, and must not read as a pass.
    const suites = modules.flatMap((module) => [module, ...module.children.allSuites()])
    const failed =
      count('failed') + suites.filter((suite) => suite.errors().length > 0).length + errors.length
    const skipped = count('skipped')
    console.log(`${count('passed')} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  }
}
