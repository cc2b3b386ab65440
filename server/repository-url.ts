import { isPublicHost } from './public-host.ts'

/** A url that git may be given, taken apart. */
export interface RepositoryUrl {
  kind: 'https' | 'ssh' | 'local'
  /** Without password. For `local` an absolute path, not yet checked against the allowed roots. */
  url: string
  credentials: { username: string; password: string } | null
  /** `owner/name`, where the url has one. */
  repoFullName: string | null
}

export class RepositoryUrlError extends Error {
  override name = 'RepositoryUrlError'
}

/**
 * Reads a url as a user gives it. Pure: touches neither disk nor network.
 * @param privateHosts hosts on private addresses that may be reached, as `host` or `host:port`
 * @throws RepositoryUrlError with a sentence for the user; never repeats a password
 */
export function parseRepositoryUrl(text: string, privateHosts: readonly string[]): RepositoryUrl {
  // git takes a leading hyphen for an option, and `name::` for a program to run.
  if (text.startsWith('-')) throw refused('must not start with a hyphen')
  if (/[\p{Cc}\s\\]/u.test(text)) throw refused('must not hold spaces, control characters or backslashes')
  if (/^[A-Za-z0-9+.-]+::/.test(text)) throw refused('must not name a remote helper (`name::`)')
  if (text.startsWith('/')) return local(text)
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1]?.toLowerCase()
  if (scheme === 'https') return https(text, privateHosts)
  if (scheme === 'ssh') return ssh(text, privateHosts)
  if (scheme === 'file') return local(filePath(text))
  if (scheme === 'http')
    throw refused('must not be http://: anybody on the way could change the code. Use https://')
  if (scheme !== undefined)
    throw refused(`must not be ${scheme}://. Use https, ssh or the path of a local repository`)
  return scp(text, privateHosts)
}

function https(text: string, privateHosts: readonly string[]): RepositoryUrl {
  const url = parse(text)
  if (url.search || url.hash || text.includes('?') || text.includes('#'))
    throw refused('must not have a ? or # part')
  requireReachable(url, 443, privateHosts)
  const credentials = credentialsOf(url)
  url.username = ''
  url.password = ''
  const path = requirePath(url.pathname)
  return { kind: 'https', url: url.href, credentials, repoFullName: fullName(path) }
}

function credentialsOf(url: URL): RepositoryUrl['credentials'] {
  if (!url.username && !url.password) return null
  const username = decode(url.username)
  const password = decode(url.password)
  if (username === '***' || password === '***')
    throw refused('holds *** where the password was: write the real one, or none')
  // A header cannot carry these, and the first colon divides the two.
  if (/[\p{Cc}:]/u.test(username) || /\p{Cc}/u.test(password)) {
    throw refused('has credentials with characters that cannot be sent')
  }
  return { username, password }
}

function ssh(text: string, privateHosts: readonly string[]): RepositoryUrl {
  const rest = text.slice('ssh://'.length)
  if (/[?#]/.test(rest)) throw refused('must not have a ? or # part')
  // The rules for host names are those of https; ssh's own would let `-oProxyCommand=…` through as a host.
  // The port of https is written out: a parser would drop it, and ssh would then use its own.
  const port = /^[^/]*?:(\d+)(?:\/|$)/.exec(rest.replace(/^[^@/]*@/, '').replace(/^\[[^\]/]*\]/, ''))?.[1]
  const url = parse(`https://${rest}`)
  if (url.password) throw refused('must not hold a password: ssh uses keys')
  requireUser(decode(url.username), true)
  requireReachable(url, 22, privateHosts)
  const path = requireSshPath(requirePath(url.pathname))
  const user = url.username ? `${url.username}@` : ''
  return {
    kind: 'ssh',
    url: `ssh://${user}${url.hostname}${port ? `:${Number(port)}` : ''}${path}`,
    credentials: null,
    repoFullName: fullName(path),
  }
}

/** `git@host:owner/repo`. */
function scp(text: string, privateHosts: readonly string[]): RepositoryUrl {
  const match = /^([^@:/]+)@([^@:/]+):([^:]+)$/.exec(text)
  if (!match) throw refused('must be an https url, an ssh url, git@host:owner/repo, or an absolute path')
  const [, user = '', host = '', path = ''] = match
  requireUser(user, false)
  requireReachable(parse(`https://${host}/`), 22, privateHosts)
  requireSshPath(requirePath(path))
  return {
    kind: 'ssh',
    url: `${user}@${host.toLowerCase()}:${path}`,
    credentials: null,
    repoFullName: fullName(path),
  }
}

function filePath(text: string): string {
  const match = /^file:\/\/(localhost)?(\/[^?#]*)$/i.exec(text)
  if (!match) throw refused('must be file:// followed by an absolute path')
  return decode(match[2]!)
}

function local(path: string): RepositoryUrl {
  if (/\p{Cc}/u.test(path)) throw refused('must not hold control characters')
  if (path.split('/').includes('..')) throw refused('must not hold `..`')
  return { kind: 'local', url: path.replace(/(?<=.)\/+$/, ''), credentials: null, repoFullName: null }
}

function parse(text: string): URL {
  const url = URL.parse(text)
  // `https:///host/x` and the like mean different hosts to different readers.
  if (!url || !/^https:\/\/[^/]/i.test(text)) throw refused('is not a url that can be read')
  const host = url.hostname
  if (!/^(\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9._-]*[a-z0-9])?)$/.test(host))
    throw refused('has a host name that cannot exist')
  return url
}

function requireReachable(url: URL, standardPort: number, privateHosts: readonly string[]): void {
  const name = url.hostname.replace(/^\[|\]$/g, '')
  const allowed = [name, url.hostname, `${url.hostname}:${url.port || standardPort}`]
  if (privateHosts.some((host) => allowed.includes(host.toLowerCase().replace(/\.$/, '')))) return
  if (isPublicHost(name)) return
  throw refused(
    `leads to ${name}, which is not a public address. Name the host in SLUICE_PRIVATE_HOSTS to allow it`,
  )
}

function requireUser(user: string, mayBeEmpty: boolean): void {
  if (user === '' && mayBeEmpty) return
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(user)) throw refused('has a user name that ssh may not be given')
}

function requirePath(path: string): string {
  const parts = decode(path).split('/')
  if (parts.every((part) => part === '')) throw refused('must name a repository')
  if (parts.some((part) => part.startsWith('-'))) throw refused('has a part that starts with a hyphen')
  if (parts.includes('..') || /\p{Cc}/u.test(parts.join(''))) throw refused('has a path that leads elsewhere')
  return path
}

/** What hosting services allow; nothing that a shell on the other side could mind. */
function requireSshPath(path: string): string {
  if (!/^[A-Za-z0-9._~/+@%-]+$/.test(path))
    throw refused('has a path with a character that ssh may not be given')
  return path
}

function fullName(path: string): string | null {
  const name = decode(path)
    .replace(/^\/+|\/+$/g, '')
    .replace(/\.git$/, '')
  return name.includes('/') ? name : null
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw refused('has a % that means nothing')
  }
}

const refused = (why: string) => new RepositoryUrlError(`The url ${why}.`)
