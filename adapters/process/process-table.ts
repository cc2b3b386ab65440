import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'

/** One process as the kernel lists it. */
export interface ProcessRow {
  pid: number
  parent: number
  group: number
  state: string
  /** It only waits for its parent. While one of its threads is left it may still hold ports and files. */
  ended: boolean
  /** When it started, in the kernel's own words; with the pid and the boot it names one process for ever. */
  start: string
}

const onLinux = process.platform === 'linux'

/** undefined when there is no such process. */
export function readProcess(pid: number): ProcessRow | undefined {
  if (!onLinux) return listWithPs(['-p', String(pid)])[0]
  const stat = readStat(pid)
  return stat === undefined ? undefined : parseStat(stat)
}

/** Longer than any such line. Read for every process of the machine, so with as few system calls as can be. */
const line = Buffer.allocUnsafe(4096)

function readStat(pid: number): string | undefined {
  let file: number | undefined
  try {
    file = openSync(`/proc/${pid}/stat`, 'r')
    return line.toString('latin1', 0, readSync(file, line))
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

export function readProcesses(): ProcessRow[] {
  if (!onLinux) return listWithPs(['-ax'])
  const rows: ProcessRow[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const row = readProcess(Number(name))
    if (row) rows.push(row)
  }
  return rows
}

/** The processes that one process has started itself and that are still there. */
export function childrenOf(pid: number): number[] {
  const listed = onLinux ? readProc(`/proc/${pid}/task/${pid}/children`) : undefined
  // Not every kernel has that file; all processes are a hundred times as much to read.
  if (listed) return listed.toString('latin1').split(' ').filter(Boolean).map(Number)
  return readProcesses().flatMap((row) => (row.parent === pid ? [row.pid] : []))
}

/** Whether the process was started with this variable. Always false where the system does not tell. */
export function hasVariable(pid: number, name: string, value: string): boolean {
  if (!onLinux) return false
  const environment = readProc(`/proc/${pid}/environ`)
  return environment !== undefined && `\0${environment.toString('latin1')}\0`.includes(`\0${name}=${value}\0`)
}

/** The second field is the program's name in parentheses and may hold spaces and parentheses itself. */
export function parseStat(stat: string): ProcessRow | undefined {
  const close = stat.lastIndexOf(')')
  const fields = stat.slice(close + 2).split(' ')
  const [state, parent, group] = fields
  const threads = fields[20 - 3]
  const start = fields[22 - 3]
  if (close < 0 || state === undefined || start === undefined) return undefined
  const ended = state === 'Z' && Number(threads) <= 1
  return { pid: Number.parseInt(stat, 10), parent: Number(parent), group: Number(group), state, ended, start }
}

function readProc(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch {
    // It ended meanwhile, or belongs to someone else.
    return undefined
  }
}

function listWithPs(selection: string[]): ProcessRow[] {
  let text: string
  try {
    text = execFileSync('/bin/ps', [...selection, '-o', 'pid=,ppid=,pgid=,stat=,lstart='], {
      encoding: 'utf8',
      env: { LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch {
    return []
  }
  return text.split('\n').flatMap((line) => {
    const [pid, parent, group, state, ...start] = line.trim().split(/\s+/)
    if (!state || start.length === 0) return []
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        group: Number(group),
        state: state[0]!,
        ended: state.startsWith('Z'),
        start: start.join(' '),
      },
    ]
  })
}
