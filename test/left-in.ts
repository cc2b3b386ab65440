import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import path from 'node:path'
import { cgroupsOf } from './process/contained.ts'

/**
 * What there is of a temporary folder: files, processes that lie in it or were told of it (and with them the ports
 * that they listen on), mounts, loop devices, and the cgroups of the homes that were made in it.
 */
export function leftIn(folder: string, homes: string[]): string[] {
  return [
    ...namesIn(folder).map((name) => `folder ${path.join(folder, name)}`),
    ...processesOf(folder),
    ...mountsBelow(folder),
    ...loopDevicesOf(folder),
    ...homes.flatMap(cgroupsOf).map((name) => `cgroup ${name}`),
  ]
}

function processesOf(folder: string): string[] {
  return namesIn('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) =>
      [textOf(`/proc/${pid}/environ`), textOf(`/proc/${pid}/cmdline`), linkOf(`/proc/${pid}/cwd`)].some(
        (text) => text.includes(folder),
      ),
    )
    .map((pid) => `process ${pid}: ${textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()}`)
}

/** `id parent device root mountPoint …` */
const mountsBelow = (folder: string): string[] =>
  textOf('/proc/self/mountinfo')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((mountPoint) => mountPoint.startsWith(`${folder}/`))
    .map((mountPoint) => `mount ${mountPoint}`)

const loopDevicesOf = (folder: string): string[] =>
  namesIn('/sys/block')
    .filter((name) => textOf(`/sys/block/${name}/loop/backing_file`).startsWith(`${folder}/`))
    .map((name) => `loop device /dev/${name}`)

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file)
  } catch {
    return ''
  }
}
