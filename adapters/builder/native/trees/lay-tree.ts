import { execFile } from 'node:child_process'
import { chmod, lchown, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { ServiceUser } from '../../../process/service-user.ts'
import type { KeptTree } from './kept-tree.ts'
import { copyFolder, unshare, type Way } from './way.ts'

const execute = promisify(execFile)

interface Laying {
  /** Top of the source of the new release. */
  code: string
  way: Way
  user: ServiceUser | null
}

/** Lays a kept tree out in `stage`, ready to be moved into the release, and hands it to the user. */
export async function layTree({ folder, record }: KeptTree, stage: string, to: Laying): Promise<void> {
  const tree = path.join(stage, 'tree')
  await copyFolder(to.way, path.join(folder, 'tree'), tree)
  if (to.way === 'link')
    for (const place of [...record.own, ...record.moved]) await unshare(path.join(tree, place))
  for (const place of record.moved) await renameIn(path.join(tree, place), record.code, to.code)
  const { user } = to
  // What was linked when it was kept belongs to root; a copy of it is the service's.
  if (user && to.way !== 'link')
    await execute('chown', ['-R', '-P', '-h', `${user.uid}:${user.gid}`, '--', tree])
  await chmod(tree, 0o700)
  for (const place of [tree, stage]) if (user) await lchown(place, user.uid, user.gid)
}

/** Bytes that are no text stay as they are. */
async function renameIn(file: string, before: string, now: string): Promise<void> {
  const text = await readFile(file, 'latin1')
  const plain = (name: string) => Buffer.from(name).toString('latin1')
  await writeFile(
    file,
    text.replaceAll(plain(before), () => plain(now)),
    'latin1',
  )
}
