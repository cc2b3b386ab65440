import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/**
 * Resolves once everything that was written to the file system of this folder survives a power loss. For trees of
 * many files: one call in place of an fsync per file. Node has no `syncfs`, so a process does it (about 3 ms, and what
 * the disk takes). @throws Error when something could not be written
 */
export async function syncFileSystem(folder: string): Promise<void> {
  // Elsewhere `sync` knows only all file systems at once.
  await execute('sync', process.platform === 'linux' ? ['-f', '--', folder] : [])
}
