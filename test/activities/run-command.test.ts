import { expect, test } from 'vitest'
import { succeeded } from '../../activities/run-command.ts'
import { defaultLimits, type LimitName } from '../../contract/limits.ts'
import type { Plan } from '../../contract/plan.ts'

const plan = { buildLimits: { ...defaultLimits, memory: 96 * 1024 ** 2, processes: 60 } } as Plan

function outcomeOf(limit: LimitName | null, exitCode = 137): string {
  const result = {
    outcome: 'exited',
    exitCode,
    signal: null,
    tail: 'last words',
    attached: false,
    limit,
  } as const
  try {
    succeeded(result, { command: 'make', failure: 'BuildFailed', timeoutMs: 1000, plan })
    return 'succeeded'
  } catch (error) {
    const { type, message } = error as Error & { type: string }
    return `${type}: ${message}`
  }
}

test('a command that met one of its limits fails with that, and says how large it was', () => {
  expect(outcomeOf('memory')).toMatch(/^OutOfMemory: `make` .* its 96M of memory\.\nlast words$/)
  expect(outcomeOf('processes')).toMatch(/^TooManyProcesses: `make` .* the 60 processes .*\nlast words$/)
  expect(outcomeOf(null)).toBe('BuildFailed: `make` ended with exit status 137.\nlast words')
})

test('one that coped with its limit has succeeded', () => {
  expect(outcomeOf('processes', 0)).toBe('succeeded')
})
