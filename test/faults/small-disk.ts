import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { isNoSpace } from '../../ports/no-space.ts'

/** A folder with little room, in memory. */
export class SmallDisk {
  readonly folder: string

  constructor(folder: string, { bytes, files }: { bytes: number; files: number }) {
    this.folder = folder
    mkdirSync(folder, { recursive: true })
    const options = `size=${bytes},nr_inodes=${files},mode=0711`
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'pipe' })
  }

  used(): { bytes: number; files: number } {
    const { blocks, bfree, bsize, files, ffree } = statfsSync(this.folder)
    return { bytes: (blocks - bfree) * bsize, files: files - ffree }
  }

  unmount(): void {
    execFileSync('umount', [this.folder])
  }
}

export const canMount = (() => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-mount-'))
  try {
    new SmallDisk(path.join(folder, 'small'), { bytes: 1024 ** 2, files: 10 }).unmount()
    return true
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})()

/** Makes files until the disk takes no more. Answers what removes them. */
export function fillFiles(folder: string): () => void {
  const files: string[] = []
  try {
    for (;;) {
      const file = path.join(folder, `filler-${files.length}`)
      writeFileSync(file, '')
      files.push(file)
    }
  } catch (error) {
    if (!isNoSpace(error)) throw error
  }
  return () => files.forEach((file) => rmSync(file))
}
