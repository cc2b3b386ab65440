import type { Reporter, TestModule } from 'vitest/node'

/** Ends the output with `N passed, N failed`, which `.ci/run` reads. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const count = (state: string) => tests.filter((test) => test.result().state === state).length
    // A file that could not be loaded, or whose hook failed, has an error of its own beside its tests.
    const brokenFiles = modules.filter((module) => module.errors().length > 0).length
    const brokenSuites = modules
      .flatMap((module) => [...module.children.allSuites()])
      .filter((suite) => suite.errors().length > 0)
    const failed = count('failed') + brokenFiles + brokenSuites.length + unhandledErrors.length
    // At the very end: other reporters and the teardown still write.
    process.once('exit', () => process.stdout.write(`${count('passed')} passed, ${failed} failed\n`))
  }
}
