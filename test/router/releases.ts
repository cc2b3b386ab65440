import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('fixtures/release.ts', import.meta.url))

/** A release as a process of its own. */
export interface Release {
  name: string
  port: number
  /** SIGTERM; resolves once it has exited. */
  stop(): Promise<void>
}

const running = new Set<ChildProcess>()

/** `instant` exits at once on SIGTERM, `graceful` finishes what it has. */
export async function startRelease(name: string, manner: 'graceful' | 'instant'): Promise<Release> {
  const child = fork(program, [name, manner], { execArgv: [], stdio: 'ignore' })
  running.add(child)
  const exited = once(child, 'exit').then(() => void running.delete(child))
  const [port] = (await once(child, 'message')) as [number]
  return {
    name,
    port,
    async stop() {
      child.kill('SIGTERM')
      await exited
    },
  }
}

export function killReleases(): void {
  for (const child of running) child.kill('SIGKILL')
}
