import { execFile } from 'node:child_process'
import { hostEnvironment } from '../../process/host-environment.ts'
import { asUser, type ServiceUser } from '../../process/service-user.ts'

/** Milliseconds; a program that says its version does so at once. */
const patience = 10_000

/** What the program says when asked, as the service's user; empty when it tells none. */
export function toolVersion(
  program: string,
  user: ServiceUser | null,
  asks: readonly string[],
): Promise<string> {
  const [first = '', ...args] = [...asUser(user), program, ...asks]
  const options = { cwd: '/', env: { ...hostEnvironment(), HOME: '/nonexistent' }, timeout: patience }
  return new Promise((resolve) => {
    execFile(first, args, options, (_error, stdout, stderr) => {
      const said = `${stdout} ${stderr}`
      resolve((/\d+(?:\.\d+)+/.exec(said) ?? /\d+/.exec(said))?.[0] ?? '')
    })
  })
}
