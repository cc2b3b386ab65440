import { readdirSync, readlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { connect } from 'node:net'

/** A listening TCP socket, as the kernel lists it. */
export interface Listener {
  port: number
  uid: number
  inode: string
}

/** Whether somebody accepts a connection there, whoever it is. */
export async function accepts(port: number): Promise<boolean> {
  return (await connects(port, '127.0.0.1')) || (await connects(port, '::1'))
}

function connects(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host })
    const answer = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket.setTimeout(1000, () => answer(false))
    socket.once('connect', () => answer(true))
    socket.once('error', () => answer(false))
  })
}

/** Every listening TCP socket of the machine; undefined where the kernel does not tell. */
export async function listeners(): Promise<Listener[] | undefined> {
  if (process.platform !== 'linux') return undefined
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map(listeningPart))
  return tables.flatMap(parseSockets)
}

/** About ten lines. */
const piece = 1500

/**
 * The kernel lists those that listen first (its `proc_net_tcp.rst`). For the others it searches all of its table of
 * connections, which takes 10 ms where that is large: so little is read at once, and no more than has to be.
 */
async function listeningPart(file: string): Promise<string> {
  const handle = await open(file, 'r').catch(() => undefined)
  if (!handle) return ''
  try {
    let text = ''
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(piece), 0, piece, null)
      text += buffer.toString('latin1', 0, bytesRead)
      if (bytesRead === 0 || othersBegin(text)) return text
    }
  } catch {
    return ''
  } finally {
    await handle.close()
  }
}

/** As its last whole line shows: one of a connection has another state, the heading has none. */
function othersBegin(table: string): boolean {
  const last = table.split('\n').at(-2) ?? ''
  const state = last.trim().split(/\s+/)[3] ?? ''
  return /^[0-9A-F]{2}$/.test(state) && state !== listening
}

const listening = '0A'

/** `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …`, numbers of addresses in hex. */
export function parseSockets(table: string): Listener[] {
  return table.split('\n').flatMap((line) => {
    const [, local, , state, , , , uid, , inode] = line.trim().split(/\s+/)
    if (state !== listening || !local || !inode) return []
    return [{ port: Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16), uid: Number(uid), inode }]
  })
}

/** The ports on which these processes listen, ascending. */
export function portsOf(pids: number[], all: Listener[]): number[] {
  const inodes = new Set(pids.flatMap(socketsOf))
  const ports = all.filter(({ inode }) => inodes.has(inode)).map(({ port }) => port)
  return [...new Set(ports)].toSorted((a, b) => a - b)
}

/** Inodes of the sockets that a process has open. */
function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`
  return namesIn(folder).flatMap((name) => /^socket:\[(\d+)\]$/.exec(linkOf(`${folder}/${name}`))?.[1] ?? [])
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file)
  } catch {
    return ''
  }
}
