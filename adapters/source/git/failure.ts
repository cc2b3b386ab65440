import { noRoom } from '../roomy.ts'
import { SourceError, type Repository } from '../../../ports/source.ts'
import type { GitResult } from './run.ts'

/** The mirror itself seems broken: worth one try with a new one. */
export class MirrorDamaged extends SourceError {
  override name = 'MirrorDamaged'
}

interface Context {
  /** The repository, fit for messages. */
  shown: string
  credentials: Repository['credentials']
}

const diskFull = /No space left on device|Disk quota exceeded/i

/**
 * What git says in the C locale, and what that means to the reader. git has no other interface for it.
 * The order matters: the first that fits is taken.
 */
const known: { says: RegExp; code: SourceError['code']; means: (context: Context) => string }[] = [
  { says: diskFull, code: 'DiskFull', means: () => noRoom },
  {
    says: /not our ref|unadvertised object|couldn't find remote ref/i,
    code: 'RefNotFound',
    means: ({ shown }) =>
      `${shown} does not hand out this commit: it is not there, or not reachable from a branch or a tag.`,
  },
  {
    says: /terminal prompts disabled|could not read (Username|Password)|Authentication failed|HTTP 40[13]|error: 40[13]|HTTP Basic: Access denied/i,
    code: 'RepositoryUnreachable',
    means: ({ shown, credentials }) =>
      credentials
        ? `${shown} refuses the credentials of the service. Check the user name and the token, and that they may read it.`
        : `${shown} asks for credentials. Put them into the url of the service: https://user:token@…`,
  },
  {
    says: /unable to update url base from redirection|error: 30\d|HTTP 30\d/i,
    code: 'RepositoryUnreachable',
    means: ({ shown }) =>
      `${shown} answers with a redirect, which is never followed. Use the address that it leads to.`,
  },
  {
    says: /repository '.*' not found|error: 404|Repository not found|does not appear to be a git repository/i,
    code: 'RepositoryUnreachable',
    means: ({ shown }) =>
      `There is no repository at ${shown}, or the credentials of the service may not read it.`,
  },
  {
    says: /SSL certificate|certificate verif|self.signed certificate/i,
    code: 'RepositoryUnreachable',
    means: ({ shown }) => `The certificate of ${shown} is not trusted. Name its authority in SLUICE_CA_FILE.`,
  },
  {
    says: /Host key verification failed/i,
    code: 'RepositoryUnreachable',
    means: ({ shown }) =>
      `The host key of ${shown} is not known. Add it to the known_hosts file of the user that runs Sluice.`,
  },
  {
    says: /Permission denied \(publickey/i,
    code: 'RepositoryUnreachable',
    means: ({ shown }) => `${shown} accepts no ssh key of the user that runs Sluice.`,
  },
  {
    says: /mismatched algorithms|object.format/i,
    code: 'SourceRejected',
    means: ({ shown }) => `${shown} names its objects by SHA-256, which is not supported yet.`,
  },
  {
    says: /fsck error|invalid object|error in object/i,
    code: 'SourceRejected',
    means: ({ shown }) => `${shown} holds an object that git's own check refuses.`,
  },
  {
    says: /Could not resolve host|Failed to connect|Couldn't connect|Connection (refused|timed out|reset)|Operation too slow|early EOF|unexpected disconnect|hung up unexpectedly|Could not read from remote repository|error: 5\d\d|unable to access|transport '.*' not allowed/i,
    code: 'RepositoryUnreachable',
    means: ({ shown }) => `${shown} could not be read.`,
  },
]

/** Of a call that reached a repository. What is not known may be the mirror's fault. */
export function reachFailure(result: GitResult, context: Context): SourceError {
  if (result.ended === 'timeOut')
    return new SourceError('RepositoryUnreachable', `${context.shown} did not answer in time.`)
  const said = spoken(result.stderr, context)
  const fit = known.find(({ says }) => says.test(result.stderr))
  if (!fit)
    return new MirrorDamaged('RepositoryUnreachable', `${context.shown} could not be read. git says: ${said}`)
  return new SourceError(fit.code, `${fit.means(context)} git says: ${said}`)
}

/** Of a call that reads only the mirror. */
export function mirrorFailure(result: GitResult, context: Context): SourceError {
  if (diskFull.test(result.stderr)) return new SourceError('DiskFull', noRoom)
  const said = result.ended === 'timeOut' ? 'nothing within ten minutes' : spoken(result.stderr, context)
  return new MirrorDamaged(
    'RepositoryUnreachable',
    `The mirror of ${context.shown} could not be read. git says: ${said}`,
  )
}

/** Free of credentials and of control characters, and short. */
export function spoken(stderr: string, { credentials }: Pick<Context, 'credentials'>): string {
  const lines = stderr
    .split(/[\r\n]+/)
    // oxlint-disable-next-line no-control-regex -- a server's answer must not steer the reader's terminal
    .map((line) => line.replaceAll(/[\0-\x1f\x7f-\x9f]/g, ' ').trim())
    .filter((line) => line !== '')
  return redact(lines.slice(-8).join('; ').slice(-1000), credentials) || 'nothing'
}

/** Takes out the password in the forms in which git or a server may repeat it, and any user part of a url. */
export function redact(text: string, credentials: Repository['credentials']): string {
  const secrets = credentials ? formsOf(credentials) : []
  const masked = secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
  return masked.replaceAll(/\/\/[^/@\s]*@/g, '//***@')
}

function formsOf({ username, password }: NonNullable<Repository['credentials']>): string[] {
  const basic = Buffer.from(`${username}:${password}`).toString('base64')
  // A token may stand where the name is expected.
  const secret = password === '' ? username : password
  return [basic, secret, encodeURIComponent(secret)].filter((form) => form !== '')
}
