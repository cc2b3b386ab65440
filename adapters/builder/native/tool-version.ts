import { execFile } from 'node:child_process'
import { hostEnvironment } from '../../process/host-environment.ts'
import { asUser, type ServiceUser } from '../../process/service-user.ts'

/** Milliseconds; a program that says its version does so at once. */
const patience = 10_000

/** What `<tool> --version` says, as the service's user, on the PATH that steps get. */
export function toolVersion(tool: string, user: ServiceUser | null): Promise<string | null> {
  const [program = 'env', ...args] = [...asUser(user), '/usr/bin/env', '--', tool, '--version']
  const options = { cwd: '/', env: { ...hostEnvironment(), HOME: '/nonexistent' }, timeout: patience }
  return new Promise((resolve) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      // What env answers when it finds no such program, or may not run it.
      if (error && (error.code === 127 || error.code === 126)) return resolve(null)
      resolve(/\d+(\.\d+)+/.exec(`${stdout} ${stderr}`)?.[0] ?? '')
    })
  })
}
