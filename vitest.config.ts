import { defineConfig } from 'vitest/config'

const never = ['**/node_modules/**', 'test/services/**', 'test/histories/**']

/** These share one Temporal server and one workflow bundle; the others do not wait for it. */
const temporal = ['test/workflows/**/*.test.ts']
/** Each starts a whole Sluice of its own. */
const endToEnd = ['test/e2e/**/*.test.ts', 'test/faults/**/*.test.ts']

export default defineConfig({
  test: {
    pool: 'forks',
    // Real PostgreSQL, git and processes: more at once than two cores carry only makes each of them late.
    maxWorkers: 2,
    reporters: ['default', './test/closing-line.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: [...never, ...temporal, ...endToEnd],
          testTimeout: 15_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'workflows',
          include: temporal,
          exclude: never,
          globalSetup: './test/global-setup.ts',
          testTimeout: 30_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'end to end',
          include: endToEnd,
          exclude: never,
          // Two at a time: they wait more than they work.
          testTimeout: 120_000,
          hookTimeout: 240_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
