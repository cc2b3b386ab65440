import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { create } from 'tar'
import { CliError } from './cli-error.ts'
import { exitCodes } from './exit-codes.ts'
import { workingTree } from './working-tree.ts'

/** An archive on its way, read as it is sent. */
export interface ArchiveBody {
  name: string
  /** Bytes; undefined when it is made while it is sent. */
  size: number | undefined
  content: AsyncIterable<Uint8Array>
}

export async function fileBody(file: string): Promise<ArchiveBody> {
  const found = await stat(file).catch(() => undefined)
  if (!found?.isFile()) throw new CliError(`${file} is not a file.`, { exitCode: exitCodes.usage })
  return { name: plainName(path.basename(file)), size: found.size, content: createReadStream(file) }
}

/** The same files make the same archive, whenever and by whom it is made. */
export async function folderBody(folder: string): Promise<ArchiveBody> {
  const found = await stat(folder).catch(() => undefined)
  if (!found?.isDirectory()) throw new CliError(`${folder} is not a folder.`, { exitCode: exitCodes.usage })
  const files = await workingTree(path.resolve(folder))
  const packed = create(
    { gzip: true, cwd: path.resolve(folder), portable: true, noMtime: true, noDirRecurse: true },
    // A name that starts with @ would be taken for an archive to add.
    files.toSorted().map((file) => `./${file}`),
  )
  return {
    name: `${plainName(path.basename(path.resolve(folder)))}.tar.gz`,
    size: undefined,
    content: packed,
  }
}

/** As the API takes it. */
const plainName = (name: string): string =>
  name
    .replaceAll(/[^A-Za-z0-9_.+@-]/g, '_')
    .replace(/^[^A-Za-z0-9_]/, '_')
    .slice(0, 80)
