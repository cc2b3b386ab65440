import { Unpack, type ReadEntry } from 'tar'

export type { ReadEntry } from 'tar'

/** Strict: what it would only warn of is an error. */
export const unpack = (
  folder: string,
  filter: (name: string, entry: ReadEntry) => boolean,
): NodeJS.WritableStream =>
  new Unpack({
    cwd: folder,
    strict: true,
    preserveOwner: false,
    umask: 0o022,
    filter: (name, entry) => filter(name, entry as ReadEntry),
  })
