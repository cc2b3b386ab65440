import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** A file as a disk. ext4 writes to it when it is asked to sync, and otherwise not for hours. */
export class LoopDisk {
  readonly folder: string
  #isMounted = false

  static format(image: string): void {
    writeFileSync(image, '')
    truncateSync(image, 48 * 1024 ** 2)
    execFileSync('mkfs.ext4', ['-q', '-F', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image])
  }

  /** Mounts it; the loop device goes away with the mount. */
  constructor(image: string, folder: string) {
    this.folder = folder
    mkdirSync(folder, { recursive: true })
    execFileSync('mount', ['-t', 'ext4', '-o', 'loop,commit=9999', image, folder], { stdio: 'pipe' })
    this.#isMounted = true
  }

  unmount(): void {
    if (!this.#isMounted) return
    execFileSync('umount', [this.folder])
    this.#isMounted = false
  }
}

export const hasLoopDevices = (() => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-loop-'))
  try {
    const image = path.join(folder, 'image')
    LoopDisk.format(image)
    new LoopDisk(image, path.join(folder, 'mounted')).unmount()
    return true
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})()
