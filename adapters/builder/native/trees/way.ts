import { execFile } from 'node:child_process'
import { link, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/**
 * How files get from one folder to another. `reflink`: they share their blocks until one is written to. `link`: they
 * are the same file under two names, which nobody but Sluice may write to. `copy`: where neither is possible.
 */
export type Way = 'reflink' | 'link' | 'copy'

/** The cheapest that works between the folder of this file and `to`. */
export async function wayFrom(file: string, to: string, { mayLink }: { mayLink: boolean }): Promise<Way> {
  const probe = path.join(to, '.probe')
  try {
    if (await works(execute('cp', ['--reflink=always', '--', file, probe]))) return 'reflink'
    await rm(probe, { force: true })
    if (mayLink && (await works(link(file, probe)))) return 'link'
    return 'copy'
  } finally {
    await rm(probe, { force: true })
  }
}

const works = (trying: Promise<unknown>): Promise<boolean> =>
  trying.then(
    () => true,
    () => false,
  )

const flags: Readonly<Record<Way, readonly string[]>> = {
  reflink: ['-a', '--reflink=always'],
  link: ['-a', '-l'],
  copy: ['-a'],
}

/** Owners, modes and times stay as they are; links are copied as links. `to` must not exist. */
export async function copyFolder(way: Way, from: string, to: string): Promise<void> {
  await execute('cp', [...flags[way], '--', from, to], { maxBuffer: 64 * 1024 ** 2 })
}

/** Replaces a file or folder by a copy that shares nothing with it. */
export async function unshare(place: string): Promise<void> {
  const copy = `${place}.own`
  await execute('cp', ['-a', '--', place, copy])
  await execute('rm', ['-rf', '--', place])
  await execute('mv', ['--', copy, place])
}
