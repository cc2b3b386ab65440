import { spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { once } from 'node:events'
import { identityOf, type ProcessIdentity } from './identity.ts'
import { openLog } from './logs.ts'
import type { SystemUser } from './unprivileged-user.ts'
import { asUser } from './unprivileged-user.ts'

export interface DetachedProgram {
  home: string
  /** Names its log. */
  part: string
  command: string
  args: string[]
  environment: NodeJS.ProcessEnv
  user?: SystemUser | undefined
}

export interface DetachedProcess {
  identity: ProcessIdentity
  /** Resolves when it ends while this process lives. */
  ended: Promise<string>
}

/** Starts a program that outlives this process: a process group of its own, output in `logs/<part>.log`. @throws Error */
export async function startDetached(program: DetachedProgram): Promise<DetachedProcess> {
  const log = openLog(program.home, program.part)
  try {
    const child = spawn(program.command, program.args, {
      ...asUser(program.user),
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log],
      env: program.environment,
    })
    const ended = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
    })
    await once(child, 'spawn')
    child.unref()
    const identity = identityOf(child.pid!)
    if (identity) return { identity, ended }
    throw new Error(`${program.part} ended at once (${await ended})`)
  } finally {
    closeSync(log)
  }
}
