import { SourceError } from '../../../ports/source.ts'

/** A repository url that may be handed to git. `shown` is fit for messages. */
export type Remote = NetworkRemote | { kind: 'local'; path: string; shown: string }

export interface NetworkRemote {
  kind: 'https' | 'ssh'
  url: string
  host: string
  port: number
  shown: string
}

const hostName = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\])$/
const userName = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/
/** What hosting services allow in a path; no character that a shell on the other side could mind. */
const sshPath = /^(?!-)(?!.*\/-)[A-Za-z0-9._~/+@%-]+$/

/**
 * Reads a url strictly: https, ssh (also as `git@host:owner/repo`), a local path or `file://`.
 * What git would take for an option or another transport (`--upload-pack=…`, `ext::…`) never gets through.
 * @throws SourceError RepositoryUnreachable
 */
export function parseRemote({ url }: { url: string }): Remote {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (url === '' || /[\0-\x20\x7f]/.test(url)) throw refused('it holds a space or a control character')
  if (url.startsWith('/')) return { kind: 'local', path: url, shown: url }
  if (url.startsWith('file:///')) return localUrl(url)
  if (url.startsWith('https://')) return httpsUrl(url)
  if (url.startsWith('ssh://')) return sshUrl(url)
  return scpLike(url)
}

function localUrl(url: string): Remote {
  const file = new URL(url)
  const path = decodeURIComponent(file.pathname)
  // oxlint-disable-next-line no-control-regex -- as above
  if (/[\0-\x1f\x7f]/.test(path) || file.search || file.hash) throw refused('it is not a plain file url')
  return { kind: 'local', path, shown: path }
}

function httpsUrl(text: string): Remote {
  if (!URL.canParse(text)) throw refused('it is not a url')
  const url = new URL(text)
  if (url.password) throw refused('it holds a password')
  if (url.search || url.hash) throw refused('a repository has no query and no fragment')
  if (!hostName.test(url.hostname)) throw refused('its host name is not one')
  // git asks for the name that the credentials hold, so none stands in the url, where `ps` would show it.
  url.username = ''
  return { kind: 'https', url: url.href, host: url.hostname, port: Number(url.port || 443), shown: url.href }
}

function sshUrl(url: string): Remote {
  const match = /^ssh:\/\/(?:([^@/]*)@)?(\[[^\]/]*\]|[^:/@]*)(?::(\d{1,5}))?(\/.+)$/.exec(url)
  if (!match) throw refused('it is not a plain ssh url')
  const [, user, host, port, path] = match
  return sshRemote({ url, user, host: host!, port: Number(port ?? 22), path: path! })
}

function scpLike(url: string): Remote {
  const match = /^(?:([^@:/]*)@)?([^:/@]+):([^:].*)$/.exec(url)
  if (!match || match[3]!.startsWith('//')) {
    throw refused('use https://…, ssh://…, git@host:owner/repository, or the path of a local repository')
  }
  return sshRemote({ url, user: match[1], host: match[2]!, port: 22, path: match[3]! })
}

function sshRemote(parts: {
  url: string
  user: string | undefined
  host: string
  port: number
  path: string
}): Remote {
  const { url, user, host, port, path } = parts
  if (user !== undefined && !userName.test(user)) throw refused('its user name is not a plain one')
  if (!hostName.test(host)) throw refused('its host name is not one')
  if (port < 1 || port > 65_535) throw refused('its port is not one')
  if (!sshPath.test(path)) throw refused('its path holds a character that is not allowed')
  return { kind: 'ssh', url, host, port, shown: url }
}

function refused(why: string): SourceError {
  return new SourceError('RepositoryUnreachable', `The repository url of the service is refused: ${why}.`)
}
