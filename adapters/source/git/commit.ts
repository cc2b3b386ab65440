import { SourceError, type Commit } from '../../../ports/source.ts'
import type { GitReach } from './environment.ts'
import { MirrorDamaged, reachFailure } from './failure.ts'
import type { Mirror, MirrorContext } from './mirror.ts'
import { timeouts } from './options.ts'

/** Bytes of a commit message that are kept: people read its first lines. */
const messageLimit = 8 * 1024

/**
 * Makes sure that the mirror has the object, and answers the commit that it is or, for a tag object, points to.
 * Only that one commit is fetched, without its history: a deployment needs its tree and nothing else.
 * @throws SourceError
 */
export async function fetchCommit(
  mirror: Mirror,
  context: MirrorContext,
  reach: GitReach,
  object: string,
): Promise<Commit> {
  const there = await readCommit(mirror, object)
  if (there) return there
  await fetchObject(mirror, context, reach, object)
  const fetched = await readCommit(mirror, object)
  if (fetched) return fetched
  if ((await commitOf(mirror, object)) !== undefined) await mirror.read(showing(object))
  throw new SourceError('RefNotFound', `${object} in ${context.remote.shown} is not a commit.`)
}

/** The full id of a commit in the mirror; undefined when it is not there, not a commit, or ambiguous. */
export async function commitOf(mirror: Mirror, name: string): Promise<string | undefined> {
  const found = await mirror.git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`])
  return found.code === 0 ? found.stdout.toString().trim() : undefined
}

/** undefined when the mirror has no such commit, or cannot read it. */
async function readCommit(mirror: Mirror, object: string): Promise<Commit | undefined> {
  const { code, ended, stdout } = await mirror.git(showing(object))
  if (code !== 0 && ended !== 'outputLimit') return undefined
  const lineEnd = stdout.indexOf(10)
  const message = stdout.subarray(lineEnd + 1, lineEnd + 1 + messageLimit).toString('utf8')
  return { sha: stdout.toString('latin1', 0, lineEnd), message: message.trim() }
}

/** Its id, a line end, and its message. */
const showing = (object: string): string[] => [
  ...['log', '-1', '--no-walk', '--no-show-signature', '--encoding=UTF-8', '--format=%H%n%B'],
  ...['--end-of-options', `${object}^{commit}`, '--'],
]

async function fetchObject(
  mirror: Mirror,
  { remote, repository }: MirrorContext,
  reach: GitReach,
  object: string,
): Promise<void> {
  const fetchWith = (depth: readonly string[]) =>
    mirror.git(
      [
        // A mirror can be made anew: what a power loss has torn is noticed when it is read.
        ...['-c', 'core.fsync=none'],
        'fetch',
        '--quiet',
        ...depth,
        '--no-tags',
        '--no-write-fetch-head',
        '--no-recurse-submodules',
        '--no-auto-maintenance',
        ...uploadPack(remote),
        '--',
        remote.kind === 'local' ? remote.path : remote.url,
        // The ref keeps the object, and tells the other side next time what is here already.
        `+${object}:refs/sluice/${object}`,
      ],
      { reach, timeoutMs: timeouts.fetch },
    )
  let result = await fetchWith(['--depth=1'])
  // A plain web server with files on it ("dumb http") has no shallow fetch.
  if (result.code !== 0 && /does not support shallow/.test(result.stderr)) result = await fetchWith([])
  if (result.code === 0) return
  const failure = reachFailure(result, { shown: remote.shown, credentials: repository.credentials })
  if (failure instanceof MirrorDamaged || failure.code !== 'RefNotFound') throw failure
  throw new SourceError('RefNotFound', `Commit ${object}: ${failure.message}`)
}

/** Strict: exactly this folder, not a `.git` that somebody put below it. */
export const uploadPack = (remote: { kind: string }): string[] =>
  remote.kind === 'local' ? ['--upload-pack=git-upload-pack --strict'] : []
