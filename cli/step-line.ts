import type { DeploymentEvent } from '../contract/deployment.ts'
import { harmlessText } from '../contract/harmless-text.ts'

/** One transition as one line, for a log: `12:00:01 build      SUCCEEDED  vite build, 48 files`. */
export function transitionLine(event: DeploymentEvent): string {
  const at = new Date(event.at).toTimeString().slice(0, 8)
  const attempt = (event.attempt ?? 1) > 1 ? ` (attempt ${event.attempt})` : ''
  const detail = event.detail ? `  ${harmlessText(event.detail).replaceAll('\n', ' ')}` : ''
  return `${at} ${(event.step ?? 'deployment').padEnd(10)} ${statusOf(event)}${attempt}${detail}`
}

function statusOf({ type, status }: DeploymentEvent): string {
  if (type === 'live') return 'LIVE'
  return type === 'cancelRequested' ? 'CANCEL REQUESTED' : status
}
