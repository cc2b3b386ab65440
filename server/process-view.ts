import { webProcess } from '../contract/instance-id.ts'
import type { Process } from '../contract/process.ts'
import type { ObservedProcesses } from '../ports/process-store.ts'
import type { EnvironmentRow, StoredRelease } from '../ports/store.ts'

/** Names of a Procfile that are hooks; older plans have them among the processes. */
const hooks = ['release', 'postdeploy']

/** What should run of the live release, with what its host says of it. Web first, then by name. */
export function processesOf(
  { live }: Pick<EnvironmentRow, 'live'>,
  release: StoredRelease,
  seen: ObservedProcesses | undefined,
): Process[] {
  const current = seen?.number === live?.number ? seen : undefined
  const commands: typeof release.plan.processes = {
    ...release.plan.processes,
    [webProcess]: release.plan.start,
  }
  const names = Object.keys(commands).filter((name) => !hooks.includes(name))
  return names.toSorted(webFirst).map((name) => ({
    ...(current?.processes.find((one) => one.name === name) ?? unknown(name)),
    command: commands[name]!.command,
    observedAt: current?.observedAt.toISOString() ?? null,
  }))
}

const webFirst = (a: string, b: string): number =>
  Number(b === webProcess) - Number(a === webProcess) || (a < b ? -1 : 1)

const unknown = (name: string) => ({
  name,
  state: 'unknown' as const,
  pid: null,
  port: null,
  restarts: 0,
  lastExit: null,
  startedAt: null,
})
