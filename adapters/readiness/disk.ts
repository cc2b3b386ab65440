import { statfs } from 'node:fs/promises'
import type { Finding } from '../../contract/deployment.ts'
import { finding } from './findings.ts'

const gibibyte = 1024 ** 3
/** A checkout with its dependencies and a build stays below a gibibyte nearly always … */
const enough = gibibyte
/** … but on a small disk as much may never be free: there a twentieth will do. */
const share = 0.05
/** Files: what node_modules of a large application holds. File systems without a fixed number report 0. */
const enoughFiles = 50_000

export async function diskFindings(folder: string): Promise<Finding[]> {
  const { bsize, blocks, bavail, files, ffree } = await statfs(folder)
  const total = blocks * bsize
  const free = bavail * bsize
  if (free < Math.min(enough, total * share)) {
    const message = `Only ${size(free)} of ${size(total)} are free on the disk of ${folder}; free ${size(Math.min(enough, total * share))}.`
    return [finding('DiskLow', message, 'sluice doctor')]
  }
  if (files > 0 && ffree < Math.min(enoughFiles, files * share)) {
    const message = `Only ${ffree} more files fit on the disk of ${folder} (inodes); remove some.`
    return [finding('DiskLow', message, 'sluice doctor')]
  }
  return []
}

const size = (bytes: number): string =>
  bytes >= gibibyte ? `${(bytes / gibibyte).toFixed(1)} GiB` : `${Math.floor(bytes / 1024 ** 2)} MiB`
