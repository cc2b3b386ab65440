import { spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { once } from 'node:events'
import { constants, type FileHandle, open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Limits } from '../../contract/limits.ts'
import { type Cgroup, hastenEntry } from './cgroup/index.ts'
import { markVariable } from './group.ts'
import { asUser, type ServiceUser } from './service-user.ts'

export interface Launch {
  /** `file:` url of the shell script that runs the command and records how it ended. */
  script: URL
  /** Its own arguments, before the command. */
  arguments: string[]
  /** Run by `sh -c` in `directory` as `user`. */
  command: string
  directory: string
  environment: Record<string, string>
  user: ServiceUser | null
  limits: Limits
  /** Is made here. */
  cgroup: Cgroup | undefined
  mark: string
  /** File for stdout and stderr, appended to: with a pipe the command would die of SIGPIPE together with Sluice. */
  output: string
}

/** execve refuses a longer `NAME=value` with its NUL, which nobody understands. */
const longestVariable = 128 * 1024 - 1

/**
 * Starts the script detached, in a session and process group of its own, and leaves it alone.
 * @throws Error when it cannot be started, or the environment is larger than the system takes.
 */
export async function launch(wanted: Launch): Promise<void> {
  const cgroup = made(wanted)
  if (cgroup) hastenEntry()
  const environment = wrap(wanted)
  const enter = [
    ...asUser(wanted.user),
    '/bin/sh',
    '-c',
    'eval "$SLUICE_ENTER"',
    'sh',
    wanted.directory,
    wanted.command,
  ]
  const output = await openOutput(wanted.output)
  try {
    const child = spawn(
      '/bin/sh',
      [fileURLToPath(wanted.script), ...wanted.arguments, ...limitsOf(wanted, cgroup), ...enter],
      {
        cwd: '/',
        env: environment,
        detached: true,
        stdio: ['ignore', output.fd, output.fd],
      },
    )
    child.unref()
    await once(child, 'spawn')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'E2BIG') throw error
    throw new Error('all variables together are larger than the system passes to a process (about 2 MiB)', {
      cause: error,
    })
  } finally {
    await output.close()
  }
}

/** undefined when the system refuses it after all: better a service without limits than none. */
function made({ cgroup, limits, output }: Launch): Cgroup | undefined {
  try {
    cgroup?.create(limits)
    return cgroup
  } catch (error) {
    appendFileSync(output, `[sluice] no cgroup, so no limits: ${(error as Error).message}\n`, { mode: 0o600 })
    return undefined
  }
}

/** What `take_limits` takes. Where nobody counts its processes as a group, those of its user are counted. */
function limitsOf({ limits, user }: Launch, cgroup: Cgroup | undefined): string[] {
  const { memory = '', pids = '', freezer = '', cpu = '' } = cgroup?.folders ?? {}
  const processes = user && !pids ? String(limits.processes) : ''
  return [memory, pids, freezer, cpu, String(limits.openFiles), processes]
}

/** Never through a link, and created for Sluice alone: the command has it open, but cannot open it again. */
const openOutput = (file: string): Promise<FileHandle> =>
  open(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)

/**
 * The script runs with Sluice's rights, so the service's variables must mean nothing to it: LD_PRELOAD or BASH_ENV
 * would run the service's code as root. They travel under a prefix until the user is changed.
 */
function wrap({ environment, mark }: Launch): Record<string, string> {
  const prefixed = Object.entries(environment).map(([name, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || value.includes('\0'))
      throw new Error(`${name} cannot be a variable`)
    if (Buffer.byteLength(`${prefix}${name}=${value}`) > longestVariable)
      throw new Error(
        `the variable ${name} is larger than the system passes to a process (128 KiB with its name)`,
      )
    return [prefix + name, value]
  })
  return {
    ...Object.fromEntries(prefixed),
    // Parts of bash's own that it neither lets be set nor needs to be told.
    SLUICE_NAMES: Object.keys(environment)
      .filter((name) => !shellOwn.has(name))
      .join(' '),
    SLUICE_ENTER: enterScript,
    [markVariable]: mark,
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C',
  }
}

const prefix = '_S_'
const shellOwn = new Set(['OPTIND', 'UID', 'EUID', 'PPID', 'SHELLOPTS', 'BASHOPTS', 'BASH_VERSINFO'])

/** Run as the service's user with `directory command`: takes on the variables and becomes the command. */
const enterScript = `
umask 077
cd -- "$1" || exit 126
unset PATH LC_ALL OLDPWD SLUICE_ENTER
for SLUICE_NAME in $SLUICE_NAMES; do
  eval "export $SLUICE_NAME=\\"\\$${prefix}$SLUICE_NAME\\""
  unset "${prefix}$SLUICE_NAME"
done
unset SLUICE_NAME SLUICE_NAMES
exec /bin/sh -c "$2"
`
