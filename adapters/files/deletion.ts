import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/**
 * All of it; absent is fine. `rm` rather than Node's: it never follows a link that the service puts in the place of a
 * folder meanwhile. @throws Error when something of it stays
 */
export async function deleteFolder(folder: string): Promise<void> {
  try {
    await run('rm', '-rf', '--', folder)
  } catch {
    // Tools make folders read-only (Go its module cache), which stops everybody but root.
    await run('chmod', '-R', 'u+rwX', '--', folder).catch(() => {})
    await run('rm', '-rf', '--', folder)
  }
}

/**
 * As `deleteFolder`, for leftovers that nothing may wait for. One that stays (files of root that a container wrote, a
 * mount) is named in a warning, once per process.
 */
export async function deleteIfPossible(folder: string): Promise<void> {
  try {
    await deleteFolder(folder)
  } catch (error) {
    warn(folder, error as Error & { stderr?: string })
  }
}

const warned = new Set<string>()

/** Into the log of whichever process deletes it. `rm` complains of each file: the first says enough. */
function warn(folder: string, { stderr, message }: Error & { stderr?: string }): void {
  if (warned.has(folder)) return
  warned.add(folder)
  const [complaint] = (stderr || message).split('\n')
  process.emitWarning(`${folder} could not be deleted, delete it by hand: ${complaint}`, {
    code: 'UNDELETED_FOLDER',
  })
}

/** With room for a complaint about each of many files: beyond its limit Node ends the command midway. */
const run = (program: string, ...words: string[]) => execute(program, words, { maxBuffer: 64 * 1024 ** 2 })
