import pc from 'picocolors'
import { expect, test } from 'vitest'
import { applyEvent } from '../../cli/deployment-fold.ts'
import { parseDuration, readableDuration } from '../../cli/durations.ts'
import { harmlessText } from '../../contract/harmless-text.ts'
import { exitCodeOf } from '../../cli/outcome.ts'
import { transitionLine } from '../../cli/step-line.ts'
import { stepTree } from '../../cli/step-tree.ts'
import type { Deployment, DeploymentEvent, Step } from '../../contract/deployment.ts'

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 31, 12, 0, seconds)).toISOString()
const pending = (name: Step['name']): Step => ({
  name,
  status: 'PENDING',
  attempt: 0,
  detail: null,
  startedAt: null,
  finishedAt: null,
  lastFailure: null,
  nextAttemptAt: null,
})
const deployment = {
  serviceId: 'shop',
  environment: 'production',
  number: 7,
  status: 'QUEUED',
  queuePosition: 2,
  live: false,
  steps: [pending('preflight'), pending('fetch'), pending('build')],
} as Deployment
const event = (change: Partial<DeploymentEvent>): DeploymentEvent => ({
  seq: 1,
  at: at(0),
  type: 'step',
  step: null,
  status: 'RUNNING',
  attempt: null,
  detail: null,
  nextAttemptAt: null,
  ...change,
})
const draw = (shown: Deployment, now: number) =>
  stepTree(shown, { colors: pc.createColors(false), now: Date.parse(at(now)), frame: 0, columns: 60 })

test('a queued deployment shows its place', () => {
  expect(draw(deployment, 0)[0]).toBe('shop production #7 QUEUED (number 2 in the queue)')
})

test('events move the steps, with attempts and durations', () => {
  const events = [
    event({ type: 'started' }),
    event({ step: 'preflight', at: at(0), attempt: 1 }),
    event({ step: 'preflight', at: at(2), status: 'SUCCEEDED', detail: 'everything needed is there' }),
    event({ step: 'fetch', at: at(2), attempt: 1 }),
    event({ step: 'fetch', at: at(3), attempt: 2 }),
  ]
  const running = events.reduce(applyEvent, deployment)
  expect(draw(running, 15).map((line) => line.trimEnd())).toEqual([
    'shop production #7 RUNNING',
    '  ✓ preflight      2.0 s  everything needed is there',
    '  ⠋ fetch           12 s (attempt 2)',
    '  · build',
  ])
})

test('an attempt that failed says why, and when the next one begins, until it does', () => {
  const events = [
    event({ type: 'started' }),
    event({ step: 'fetch', at: at(2), attempt: 2 }),
    event({
      ...{ type: 'retry', step: 'fetch', at: at(3), attempt: 2 },
      ...{ detail: 'connect ECONNREFUSED', nextAttemptAt: at(8) },
    }),
  ]
  const waiting = events.reduce(applyEvent, deployment)
  const fetching = (shown: Deployment, now: number) => draw(shown, now)[2]!
  expect(waiting.status).toBe('RUNNING')
  expect(fetching(waiting, 4)).toContain('(attempt 2)  next try in 4 s: connect ECONNREF')
  expect(fetching(waiting, 9)).toContain('next try now: connect')
  expect(fetching(applyEvent(waiting, event({ step: 'fetch', attempt: 3 })), 9)).not.toContain('next try')
  expect(transitionLine(events[2]!)).toMatch(
    /fetch      RETRY \(attempt 2\)  next try in 5 s: connect ECONNREFUSED$/,
  )
})

test('a detail too long for the terminal is cut, a hostile one is harmless', () => {
  const detail = `\u001b[2J${'x'.repeat(200)}\nsecond`
  const line = draw(applyEvent(deployment, event({ step: 'fetch', status: 'FAILED', detail })), 0)[2]!
  expect(line.length).toBeLessThanOrEqual(60)
  expect(line).not.toContain('\u001b')
})

test('a transition is one line', () => {
  const line = transitionLine(
    event({ step: 'build', status: 'FAILED', attempt: 2, detail: 'exit status 1\nsecond line' }),
  )
  expect(line).toMatch(/^\d\d:\d\d:\d\d build      FAILED \(attempt 2\)  exit status 1 second line$/)
  expect(transitionLine(event({ type: 'live' }))).toContain('deployment LIVE')
})

test('colours of a build stay, everything else that acts on a terminal goes', () => {
  expect(harmlessText('\u001b[31mred\u001b[0m')).toBe('\u001b[31mred\u001b[0m')
  expect(harmlessText('a\u001b[2Jb\u001b]52;c;eA==\u0007c\u001b]0;title\u001b\\d\u0007\u009b2Je\rf')).toBe(
    'abcd2Jef',
  )
})

test('how a deployment ended becomes the exit status', () => {
  const codes = [
    { status: 'SUCCEEDED', compensation: 'NONE' },
    { status: 'FAILED', compensation: 'DONE' },
    { status: 'FAILED', compensation: 'NONE' },
    { status: 'FAILED', compensation: 'FAILED' },
    { status: 'CANCELED', compensation: 'DONE' },
    { status: 'SUPERSEDED', compensation: 'NONE' },
  ] as const
  expect(codes.map(exitCodeOf)).toEqual([0, 3, 3, 5, 7, 7])
})

test('durations are read and written', () => {
  expect(['90', '90s', '5m', '1h', '250ms'].map(parseDuration)).toEqual([
    90_000, 90_000, 300_000, 3_600_000, 250,
  ])
  expect(() => parseDuration('soon')).toThrow('soon is not a duration')
  expect([400, 12_400, 185_000, -5].map(readableDuration)).toEqual(['0.4 s', '12 s', '3 m 05 s', '0.0 s'])
})
