import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { CommitRange, RangeCommit } from '../../../ports/source.ts'
import { uploadPack } from './commit.ts'
import type { GitReach } from './environment.ts'
import { reachFailure } from './failure.ts'
import { forgetMirror, withMirror, type Mirror, type MirrorContext } from './mirror.ts'

/** Commits are small: so many are looked through for each that is shown. */
const depthPerShown = 10

/** Milliseconds to fetch the commits: somebody waits for the page. */
const patience = 15_000

/**
 * Commits live in mirrors of their own, without trees: those that are deployed from have trees without history, and
 * must not be taken for whole because of a commit alone.
 */
const foldersFor = (mirrors: string): string => path.join(mirrors, '.histories')

/** What `to` has and `from` has not, and the other way round; newest first, `limit` of each at most. */
export async function commitsBetween(
  context: MirrorContext,
  reach: GitReach,
  { from, to, limit }: { from: string; to: string; limit: number },
): Promise<CommitRange> {
  const mirrors = foldersFor(context.mirrors)
  await mkdir(mirrors, { recursive: true, mode: 0o700 })
  return withMirror({ ...context, mirrors }, async (mirror) => {
    await fetchHistory(mirror, context, reach, { from, to, depth: limit * depthPerShown })
    const [added, removed] = [
      await commitsOf(mirror, from, to, limit + 1),
      await commitsOf(mirror, to, from, limit + 1),
    ]
    const isComplete = added.length <= limit && removed.length <= limit
    const range = { added: added.slice(0, limit), removed: removed.slice(0, limit), isComplete }
    return isComplete || (await haveCommonPast(mirror, from, to)) ? range : laterSideOf(range)
  })
}

/** Where they part so far back that it was not fetched, nobody knows which of them the older one has not. */
const laterSideOf = ({ added, removed }: CommitRange): CommitRange =>
  (added[0]?.at ?? '') >= (removed[0]?.at ?? '')
    ? { added, removed: [], isComplete: false }
    : { added: [], removed, isComplete: false }

const haveCommonPast = async (mirror: Mirror, one: string, other: string): Promise<boolean> =>
  (await mirror.git(['merge-base', '--end-of-options', one, other])).code === 0

export async function forgetHistory(mirrors: string, serviceId: string): Promise<void> {
  const folder = foldersFor(mirrors)
  if (existsSync(folder)) await forgetMirror(folder, serviceId)
}

async function fetchHistory(
  mirror: Mirror,
  { remote, repository }: MirrorContext,
  reach: GitReach,
  { from, to, depth }: { from: string; to: string; depth: number },
): Promise<void> {
  // Commits alone can be had from a remote with a name, and only where it hands out the rest later.
  const named = [
    ['url', remote.kind === 'local' ? remote.path : remote.url],
    ['promisor', 'true'],
    ['partialclonefilter', 'tree:0'],
  ].flatMap(([key, value]) => ['-c', `remote.history.${key}=${value}`])
  const result = await mirror.git(
    [
      ...[...named, '-c', 'core.fsync=none', 'fetch', '--quiet', `--depth=${depth}`, '--filter=tree:0'],
      ...['--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--no-auto-maintenance'],
      ...[...uploadPack(remote), '--', 'history'],
      ...[from, to].map((sha) => `+${sha}:refs/sluice/${sha}`),
    ],
    { reach, timeoutMs: patience },
  )
  if (result.code !== 0)
    throw reachFailure(result, { shown: remote.shown, credentials: repository.credentials })
}

/** No subject, name or date holds a line end; NUL ends each commit. */
async function commitsOf(mirror: Mirror, without: string, of: string, limit: number): Promise<RangeCommit[]> {
  const { stdout } = await mirror.read([
    ...['log', '-z', `--max-count=${limit}`, '--no-show-signature', '--encoding=UTF-8'],
    ...['--format=%H%n%cI%n%an%n%s', '--end-of-options', `${without}..${of}`, '--'],
  ])
  const records = stdout.toString('utf8').split('\0').filter(Boolean)
  return records.map((record) => {
    const [sha = '', at = '', author = '', ...subject] = record.split('\n')
    return {
      sha,
      at: new Date(at).toISOString(),
      author: author.slice(0, 200),
      subject: subject.join(' ').slice(0, 500),
    }
  })
}
