/** What the processes of one job, or of one instance of a service, may take together. */
export interface Limits {
  /** Bytes; null for as much as the host has. */
  memory: number | null
  /** Processes and threads at a time. */
  processes: number
  /** Files and sockets that one process may have open. */
  openFiles: number
}

/** Which limit ended a process. */
export type LimitName = 'memory' | 'processes'

/**
 * 2048 processes and threads is what podman gives a container: large builds stay far below it, and a fork bomb far
 * below the 32768 of a kernel's whole machine. 65536 open files is what nginx and databases ask for.
 */
export const defaultLimits: Limits = { memory: null, processes: 2048, openFiles: 65_536 }

export const sizeUnits = { K: 1024, M: 1024 ** 2, G: 1024 ** 3 } as const

/** `512M`, in the words of a person. */
export function sizeWords(bytes: number): string {
  for (const unit of ['G', 'M', 'K'] as const)
    if (bytes % sizeUnits[unit] === 0) return `${bytes / sizeUnits[unit]}${unit}`
  return `${bytes} bytes`
}

export const limitWords = ({ memory, processes, openFiles }: Limits): string =>
  [
    memory === null ? 'any memory' : `${sizeWords(memory)} of memory`,
    `${processes} processes`,
    `${openFiles} open files`,
  ].join(', ')

/** What is not configured is as usual. */
export const limitsFor = ({
  memory = defaultLimits.memory,
  processes = defaultLimits.processes,
  openFiles = defaultLimits.openFiles,
}: { [name in keyof Limits]?: Limits[name] | undefined } = {}): Limits => ({ memory, processes, openFiles })
