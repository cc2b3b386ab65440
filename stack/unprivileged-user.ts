import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { StackError } from './stack-error.ts'

export interface SystemUser {
  name: string
  uid: number
  gid: number
}

/** Who PostgreSQL runs as: it refuses root. undefined when this process is an ordinary user: then as that one. */
export function unprivilegedUser(): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  const user = findUser('postgres') ?? findUser('nobody')
  if (user) return user
  throw new StackError(
    'PostgreSQL does not run as root, and this machine has no user postgres or nobody.',
    'Add one (`useradd --system postgres`), or set DATABASE_URL to a PostgreSQL of your own.',
  )
}

export function findUser(name: string, passwd = '/etc/passwd'): SystemUser | undefined {
  for (const line of readFileSync(passwd, 'utf8').split('\n')) {
    const [user, , uid, gid] = line.split(':')
    if (user === name) return { name, uid: Number(uid), gid: Number(gid) }
  }
  return undefined
}

/** The spawn options that make a command run as the user (supplementary groups are dropped with the uid). */
export const asUser = (user: SystemUser | undefined): { uid?: number; gid?: number } =>
  user ? { uid: user.uid, gid: user.gid } : {}

/** The topmost folder of the path that the user may not enter; undefined when all of them may be. */
export function unreachableFolder(folder: string, user: SystemUser | undefined): string | undefined {
  if (canEnter(folder, user)) return undefined
  const parents = folder
    .split(path.sep)
    .map((_, index, all) => all.slice(0, index + 1).join(path.sep) || path.sep)
  return parents.find((parent) => !canEnter(parent, user)) ?? folder
}

/** Asked of the kernel: permission bits alone do not tell (ACLs, mounts). */
function canEnter(folder: string, user: SystemUser | undefined): boolean {
  const result = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], {
    ...asUser(user),
    cwd: '/',
    stdio: 'ignore',
  })
  return result.status === 0
}
