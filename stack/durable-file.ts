import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Makes a file, or the names in a folder, survive a power loss. */
export function syncPath(file: string): void {
  const handle = openSync(file, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Writes a file that survives a power loss once this returns: complete, or not there. */
export function writeDurableSync(file: string, text: string, mode: number): void {
  const temporary = `${file}.${process.pid}.tmp`
  writeFileSync(temporary, text, { mode })
  syncPath(temporary)
  renameSync(temporary, file)
  syncPath(path.dirname(file))
}
