import { chmod, mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import tls from 'node:tls'
import { writeDurable } from '../../files/durable.ts'
import type { Repository } from '../../../ports/source.ts'
import type { GitSourceOptions } from './options.ts'
import type { Remote } from './remote.ts'

/** What git is started with: nothing of the machine's, the user's or a repository's own configuration. */
export interface GitEnvironment {
  /** `-c` options that hold for every call. */
  fixed: readonly string[]
  /** Environment of a call that touches only the mirror: no transport is allowed. */
  offline: Readonly<Record<string, string>>
  /** Environment and further `-c` options of a call that reaches a repository. */
  reaching(remote: Remote, credentials: Repository['credentials'], addresses: readonly string[]): GitReach
}

export interface GitReach {
  environment: Record<string, string>
  config: string[]
}

/** Writes the few files that git is pointed to, below the mirrors. */
export async function prepareEnvironment(options: GitSourceOptions): Promise<GitEnvironment> {
  const folder = path.join(options.mirrors, '.git-environment')
  const home = path.join(folder, 'home')
  await mkdir(home, { recursive: true, mode: 0o700 })
  await chmod(options.mirrors, 0o700)
  const globalConfig = path.join(folder, 'gitconfig')
  await writeDurable(globalConfig, ownConfig)
  const askPass = path.join(folder, 'askpass')
  await writeDurable(askPass, askPassScript, { mode: 0o700 })
  const authorities = await writeAuthorities(options.caFile, path.join(folder, 'authorities.pem'))
  const offline = { ...plainEnvironment(home, globalConfig), GIT_ALLOW_PROTOCOL: '' }
  return {
    fixed: fixedOptions(authorities),
    offline,
    reaching: (remote, credentials, addresses) => ({
      environment: {
        ...offline,
        // One transport only: a repository cannot lead git into another one.
        GIT_ALLOW_PROTOCOL: remote.kind === 'local' ? 'file' : remote.kind,
        ...(remote.kind === 'https' && credentials ? answering(askPass, credentials) : {}),
        ...(remote.kind === 'ssh' ? sshEnvironment(remote, addresses, options.ssh) : {}),
      },
      config: remote.kind === 'https' ? [`http.curloptResolve=${pinned(remote, addresses)}`] : [],
    }),
  }
}

/**
 * Not /dev/null, because git refuses repositories that belong to another user ("dubious ownership"), and what
 * `-c safe.directory` says does not reach the upload-pack that reads a local one; only this file does.
 */
const ownConfig = '[safe]\n\tdirectory = *\n'

/** Neither argv nor configuration ever holds the password: only the environment of that one git process. */
const askPassScript = `#!/bin/sh
case $1 in
  Username*) printf '%s\\n' "$SLUICE_GIT_USERNAME" ;;
  *) printf '%s\\n' "$SLUICE_GIT_PASSWORD" ;;
esac
`

const answering = (askPass: string, { username, password }: NonNullable<Repository['credentials']>) => ({
  GIT_ASKPASS: askPass,
  SLUICE_GIT_USERNAME: username,
  SLUICE_GIT_PASSWORD: password,
})

function plainEnvironment(home: string, globalConfig: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    LC_ALL: 'C',
    HOME: home,
    XDG_CONFIG_HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: globalConfig,
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    GIT_LFS_SKIP_SMUDGE: '1',
    // A local repository that claims to be a partial clone must not make upload-pack fetch from elsewhere.
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_OPTIONAL_LOCKS: '0',
  }
}

function fixedOptions(authorities: string | undefined): string[] {
  return [
    'core.hooksPath=/dev/null',
    'core.fsmonitor=false',
    'core.attributesFile=/dev/null',
    'transfer.fsckObjects=true',
    'http.followRedirects=false',
    // A server that sends less than this for a minute is taken for dead.
    'http.lowSpeedLimit=100',
    'http.lowSpeedTime=60',
    'credential.helper=',
    'protocol.version=2',
    'submodule.recurse=false',
    // Nothing is cleaned up behind our back: it would run detached and outlive us.
    'gc.auto=0',
    'maintenance.auto=false',
    ...(authorities === undefined ? [] : [`http.sslCAInfo=${authorities}`]),
  ].flatMap((option) => ['-c', option])
}

/** git takes one file only, and then no longer the machine's own: so that file holds both. */
async function writeAuthorities(caFile: string | undefined, file: string): Promise<string | undefined> {
  if (caFile === undefined) return undefined
  const own = await readFile(caFile, 'utf8')
  const system = tls.getCACertificates('system')
  const machine = system.length > 0 ? system : tls.getCACertificates('bundled')
  await writeDurable(file, [own, ...machine].join('\n'))
  return file
}

/** `host:port:address,address`, as curl's CURLOPT_RESOLVE wants it. */
function pinned(remote: Extract<Remote, { host: string }>, addresses: readonly string[]): string {
  const listed = addresses.map((address) => (address.includes(':') ? `[${address}]` : address))
  return `${remote.host}:${remote.port}:${listed.join(',')}`
}

function sshEnvironment(
  remote: Extract<Remote, { host: string }>,
  addresses: readonly string[],
  ssh: GitSourceOptions['ssh'],
): Record<string, string> {
  const name = remote.port === 22 ? remote.host : `[${remote.host}]:${remote.port}`
  const command = ['ssh', '-F', '/dev/null']
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    'ConnectTimeout=15',
    // Connects to the address that was checked, and still knows the host by its name.
    `HostName=${addresses[0]}`,
    `HostKeyAlias=${name}`,
    ...(ssh?.identityFile === undefined ? [] : ['IdentitiesOnly=yes', `IdentityFile=${ssh.identityFile}`]),
    ...(ssh?.knownHostsFile === undefined ? [] : [`UserKnownHostsFile=${ssh.knownHostsFile}`]),
  ]
  const words = [...command, ...options.map((option) => `-o${option}`)]
  return { GIT_SSH_VARIANT: 'ssh', GIT_SSH_COMMAND: words.map(quoted).join(' ') }
}

/** git hands GIT_SSH_COMMAND to a shell. */
const quoted = (word: string) => `'${word.replaceAll("'", String.raw`'\''`)}'`
