import { execFile } from 'node:child_process'
import { hostEnvironment } from '../../process/host-environment.ts'
import { asUser, type ServiceUser } from '../../process/service-user.ts'

/** Milliseconds; a program that says its version does so at once. */
const patience = 10_000

/** Whether the service's user finds it on the PATH that steps get. */
export async function hasTool(tool: string, user: ServiceUser | null): Promise<boolean> {
  const { failed } = await runAs(user, ['/bin/sh', '-c', 'command -v "$1"', 'sh', tool])
  return !failed
}

/** What `<tool> --version` says. */
export async function toolVersion(tool: string, user: ServiceUser | null): Promise<string> {
  const { said } = await runAs(user, ['/usr/bin/env', tool, '--version'])
  return /\d+(\.\d+)+/.exec(said)?.[0] ?? ''
}

function runAs(user: ServiceUser | null, command: string[]): Promise<{ failed: boolean; said: string }> {
  const [program = '', ...args] = [...asUser(user), ...command]
  const options = { cwd: '/', env: { ...hostEnvironment(), HOME: '/nonexistent' }, timeout: patience }
  return new Promise((resolve) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      resolve({ failed: error !== null, said: `${stdout} ${stderr}` })
    })
  })
}
