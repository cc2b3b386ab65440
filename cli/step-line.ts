import type { DeploymentEvent } from '../contract/deployment.ts'
import { harmlessText } from '../contract/harmless-text.ts'

/** One transition as one line, for a log: `12:00:01 build      SUCCEEDED  vite build, 48 files`. */
export function transitionLine(event: DeploymentEvent): string {
  const at = new Date(event.at).toTimeString().slice(0, 8)
  const attempt = (event.attempt ?? 1) > 1 ? ` (attempt ${event.attempt})` : ''
  const said = event.nextAttemptAt
    ? nextTryText(event.nextAttemptAt, event.detail, Date.parse(event.at))
    : event.detail
  const detail = said ? `  ${harmlessText(said).replaceAll('\n', ' ')}` : ''
  return `${at} ${(event.step ?? 'deployment').padEnd(10)} ${statusOf(event)}${attempt}${detail}`
}

/** When a step is tried again, and why it has to be. */
export function nextTryText(at: string, reason: string | null, now: number): string {
  const seconds = Math.ceil((Date.parse(at) - now) / 1000)
  return `next try ${seconds > 0 ? `in ${seconds} s` : 'now'}${reason ? `: ${reason}` : ''}`
}

function statusOf({ type, status }: DeploymentEvent): string {
  if (type === 'live') return 'LIVE'
  if (type === 'retry') return 'RETRY'
  return type === 'cancelRequested' ? 'CANCEL REQUESTED' : status
}
