import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'

export interface PortHolder {
  pid: number
  command: string
}

/** Who listens on a TCP port; undefined when it cannot be seen (another user's process). */
export function portHolder(port: number): PortHolder | undefined {
  return process.platform === 'linux' ? holderInProc(port) : holderByLsof(port)
}

function holderInProc(port: number): PortHolder | undefined {
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningInodes(table, port)))
  if (inodes.size === 0) return undefined
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (holdsSocket(pid, inodes)) return { pid: Number(pid), command: commandOf(pid) }
  }
  return undefined
}

const LISTEN = '0A'

function listeningInodes(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  return readOr(table, '')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(`:${wanted}`) && fields[3] === LISTEN)
    .map((fields) => fields[9]!)
}

function holdsSocket(pid: string, inodes: Set<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const link = readlinkOr(`/proc/${pid}/fd/${fd}`)
      return link.startsWith('socket:[') && inodes.has(link.slice('socket:['.length, -1))
    })
  } catch {
    return false // Ended meanwhile, or another user's.
  }
}

function commandOf(pid: string): string {
  const words = readOr(`/proc/${pid}/cmdline`, '').split('\0').filter(Boolean)
  return words.length > 0 ? words.join(' ').slice(0, 120) : readOr(`/proc/${pid}/comm`, 'unknown').trim()
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return otherwise
  }
}

function readlinkOr(file: string): string {
  try {
    return readlinkSync(file)
  } catch {
    return ''
  }
}

function holderByLsof(port: number): PortHolder | undefined {
  try {
    const output = execFileSync('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const pid = /^p(\d+)$/m.exec(output)?.[1]
    return pid === undefined
      ? undefined
      : { pid: Number(pid), command: /^c(.+)$/m.exec(output)?.[1] ?? 'unknown' }
  } catch {
    return undefined
  }
}
