import { open, readdir } from 'node:fs/promises'
import path from 'node:path'
import { constants } from 'node:fs'
import type { FileTree } from '../contract/plan.ts'

const skipped: ReadonlySet<string> = new Set(['.git', 'node_modules'])
const fileLimit = 100_000
/** Of one file's text; what comes after is cut off. */
const textLimit = 1024 * 1024

/**
 * A folder as detectors see it. Symbolic links are left out, never followed.
 * @throws when it holds more than 100,000 files.
 */
export async function readTree(
  directory: string,
  isDetectionFile: (path: string) => boolean,
): Promise<FileTree> {
  const paths: string[] = []
  const folders = ['']
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(path.join(directory, folder), { withFileTypes: true })) {
      const relative = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory() && !skipped.has(entry.name)) folders.push(relative)
      if (entry.isFile()) paths.push(relative)
    }
    if (paths.length > fileLimit) {
      throw new Error(
        `${directory} holds more than ${fileLimit} files: name the folder of the service instead.`,
      )
    }
  }
  paths.sort()
  const files: Record<string, string> = Object.create(null)
  for (const file of paths)
    if (isDetectionFile(file)) files[file] = await readStart(path.join(directory, file))
  return { paths, files }
}

async function readStart(file: string): Promise<string> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    const { size } = await handle.stat()
    const buffer = Buffer.alloc(Math.min(size, textLimit))
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await handle.close()
  }
}
