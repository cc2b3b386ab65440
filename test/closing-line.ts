import type { Reporter, TestModule, Vitest } from 'vitest/node'
import { RunFolder } from './run-folder.ts'

/** Ends the output with `N passed, N failed`, which `.ci/run` reads. That the run leaves something counts as failed. */
export default class ClosingLine implements Reporter {
  #counts = { passed: 0, failed: 0 }

  onInit(vitest: Vitest): void {
    // Of a file whose tests are all left out nothing is run, not even what removes the folder made at its top.
    const folder = new RunFolder({ mayLeaveFolders: vitest.config.testNamePattern !== undefined })
    // At the very end: other reporters and the teardown still write, and what they end is no longer there.
    process.once('exit', () => {
      const left = folder.close()
      if (left.length > 0) {
        process.exitCode = 1
        process.stdout.write(`The tests have left behind:\n${left.map((one) => `  ${one}\n`).join('')}`)
      }
      const { passed, failed } = this.#counts
      process.stdout.write(`${passed} passed, ${failed + (left.length > 0 ? 1 : 0)} failed\n`)
    })
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const count = (state: string) => tests.filter((test) => test.result().state === state).length
    // A file that could not be loaded, or whose hook failed, has an error of its own beside its tests.
    const brokenFiles = modules.filter((module) => module.errors().length > 0).length
    const brokenSuites = modules
      .flatMap((module) => [...module.children.allSuites()])
      .filter((suite) => suite.errors().length > 0)
    const failed = count('failed') + brokenFiles + brokenSuites.length + unhandledErrors.length
    this.#counts = { passed: count('passed'), failed }
  }
}
