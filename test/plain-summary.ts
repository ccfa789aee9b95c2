import type { Reporter, TestModule } from 'vitest/node'

/** Ends a run with the plain line `N passed, N failed` (and `, N skipped`), for whoever counts tests by reading. */
export default class PlainSummary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const count = (state: string) => tests.filter((test) => test.result().state === state).length
    // A file that cannot be loaded has no tests to count, and must not read as a pass.
    const broken = modules.filter((module) => module.errors().length > 0).length
    const skipped = count('skipped')
    const line = `${count('passed')} passed, ${count('failed') + broken + errors.length} failed`
    console.log(skipped > 0 ? `${line}, ${skipped} skipped` : line)
  }
}
