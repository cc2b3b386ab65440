import type { Deployment, Step } from '../contract/deployment.ts'
import type { Colors } from './context.ts'
import { nextTryText } from './step-line.ts'
import { readableDuration } from './durations.ts'
import { harmlessText } from '../contract/harmless-text.ts'

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

export interface TreeLook {
  colors: Colors
  now: number
  /** Counts up with each drawing. */
  frame: number
  columns: number
}

/** A deployment as lines: itself, and one line for each step. */
export function stepTree(deployment: Deployment, look: TreeLook): string[] {
  const { colors } = look
  const { serviceId, environment, number, status, queuePosition } = deployment
  const place = status === 'QUEUED' && queuePosition !== null ? ` (number ${queuePosition} in the queue)` : ''
  const title = `${colors.bold(`${serviceId} ${environment} #${number}`)} ${statusWord(status, colors)}${place}`
  return [title, ...deployment.steps.map((step) => stepLine(step, look))]
}

function stepLine(step: Step, look: TreeLook): string {
  const { colors } = look
  const time = durationOf(step, look.now)
  const attempt = step.attempt > 1 ? ` (attempt ${step.attempt})` : ''
  const plain = `  ${mark(step, look)} ${step.name.padEnd(10)} ${time.padStart(9)}`
  const room = look.columns - 26
  const said = step.nextAttemptAt ? nextTryText(step.nextAttemptAt, step.lastFailure, look.now) : step.detail
  const detail = harmlessText(said ?? '').replaceAll('\n', ' ')
  const shown = detail.length > room ? `${detail.slice(0, Math.max(0, room - 1))}…` : detail
  const line = `${plain}${attempt}  ${colors.dim(shown)}`
  return step.status === 'PENDING' || step.status === 'SKIPPED' ? colors.dim(line) : line
}

function mark({ status }: Step, { colors, frame }: TreeLook): string {
  switch (status) {
    case 'SUCCEEDED':
      return colors.green('✓')
    case 'FAILED':
      return colors.red('✗')
    case 'RUNNING':
      return colors.cyan(spinner[frame % spinner.length])
    case 'CANCELED':
      return colors.yellow('⊘')
    case 'SKIPPED':
      return '–'
    case 'PENDING':
      return '·'
  }
}

function durationOf({ startedAt, finishedAt, status }: Step, now: number): string {
  if (startedAt === null || status === 'SKIPPED') return ''
  return readableDuration((finishedAt === null ? now : Date.parse(finishedAt)) - Date.parse(startedAt))
}

export function statusWord(status: Deployment['status'], colors: Colors): string {
  const paint = { SUCCEEDED: colors.green, FAILED: colors.red, RUNNING: colors.cyan, QUEUED: colors.dim }
  return (Object.hasOwn(paint, status) ? paint[status as keyof typeof paint] : colors.yellow)(status)
}
