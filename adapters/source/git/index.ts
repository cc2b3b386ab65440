import { mkdir } from 'node:fs/promises'
import { SourceError, type Repository, type Source } from '../../../ports/source.ts'
import { checkedAddresses } from './addresses.ts'
import { commitOf, fetchCommit, uploadPack } from './commit.ts'
import { prepareEnvironment, type GitEnvironment, type GitReach } from './environment.ts'
import { exportTree } from './export.ts'
import { reachFailure } from './failure.ts'
import { commitsBetween, forgetHistory } from './history.ts'
import { KnownCommits } from './known-commits.ts'
import { localGitFolder } from './local-repository.ts'
import { forgetMirror, withMirror, type Mirror, type MirrorContext } from './mirror.ts'
import { timeouts, type GitSourceOptions } from './options.ts'
import { ProbedRef } from './probed-ref.ts'
import { pushedRemote } from './pushed-remote.ts'
import { checkedTree, readFileTree } from './read-tree.ts'
import { chosenObject, parseReference, patternsOf, type Reference } from './reference.ts'
import { parseRemote, type Remote } from './remote.ts'
import { roomy } from '../roomy.ts'
import { runGit } from './run.ts'
import { checkGitVersion } from './version.ts'

export type { GitSourceOptions } from './options.ts'

/**
 * Code from git repositories: https, ssh, and local ones under allowed folders. One bare mirror per service.
 * Nothing of a repository is ever executed: no hook, filter, submodule or configuration of it is used.
 */
export function gitSource(options: GitSourceOptions): Source {
  const prepared = once(() => prepare(options))

  const reaching = async (repository: Repository, signal?: AbortSignal): Promise<Reaching> => {
    const environment = await prepared()
    const remote = await allowedRemote(repository, options)
    const addresses = remote.kind === 'local' ? [] : await checkedAddresses(remote, options)
    const reach = environment.reaching(remote, repository.credentials, addresses)
    return { mirrors: options.mirrors, environment, repository, remote, signal, reach }
  }

  const known = new KnownCommits()
  const probed = new ProbedRef()

  /** The commit is fetched again when the mirror was rebuilt or forgotten since it was resolved. */
  const onCommit = async <T>(
    repository: Repository,
    sha: string,
    signal: AbortSignal | undefined,
    work: (mirror: Mirror, commit: string) => Promise<T>,
  ): Promise<T> => {
    const context = await reaching(repository, signal)
    return withMirror(context, async (mirror) => {
      try {
        return await work(mirror, sha)
      } catch (error) {
        if ((await commitOf(mirror, sha)) !== undefined) throw error
        await fetchCommit(mirror, context, context.reach, sha)
        return work(mirror, sha)
      }
    })
  }

  return roomy({
    async resolve(repository, ref, signal) {
      const reference = parseReference(ref)
      const context = await reaching(repository, signal)
      const object =
        reference.commit ?? probed.take(repository, ref) ?? (await listedObject(reference, context))
      const read = object === undefined ? undefined : known.of(repository, object).commit
      if (read) return read
      const commit = await withMirror(context, async (mirror) => {
        const wanted = object ?? (await abbreviated(mirror, reference)) ?? notFound(ref, context.remote)
        return fetchCommit(mirror, context, context.reach, wanted).catch(async (error: unknown) => {
          // A force push in between takes the commit away: then the branch means another one now.
          const now = isRefNotFound(error) ? await listedObject(reference, context) : undefined
          if (now === undefined || now === wanted) throw error
          return fetchCommit(mirror, context, context.reach, now)
        })
      })
      known.keep(repository, commit.sha, { commit })
      return commit
    },

    async probe(repository, ref, signal) {
      const reference = parseReference(ref)
      const context = await reaching(repository, signal)
      // Whether a repository has a commit that no ref points to shows only when it is fetched.
      const listed = await listedObject(reference, context)
      probed.keep(repository, ref, listed)
      const known = reference.commit ?? listed
      if (known !== undefined) return known
      return withMirror(
        context,
        async (mirror) => (await abbreviated(mirror, reference)) ?? notFound(ref, context.remote),
      )
    },

    async readTree(repository, sha, isDetectionFile) {
      const { seen } = known.of(repository, sha)
      if (seen?.by === isDetectionFile) return seen.files
      return onCommit(repository, sha, undefined, async (mirror, commit) => {
        const tree = await checkedTree(mirror, commit)
        const files = await readFileTree(mirror, tree, isDetectionFile)
        known.keep(repository, commit, { tree, seen: { by: isDetectionFile, files } })
        return files
      })
    },

    export: (repository, sha, directory, signal) =>
      onCommit(repository, sha, signal, async (mirror, commit) => {
        const { entries } = known.of(repository, commit).tree ?? (await checkedTree(mirror, commit))
        return exportTree(mirror, { sha: commit, entries }, directory)
      }),

    async commitsBetween(repository, range, signal) {
      const context = await reaching(repository, signal)
      return commitsBetween(context, context.reach, range)
    },

    async forget(serviceId) {
      await prepared()
      await forgetHistory(options.mirrors, serviceId)
      await forgetMirror(options.mirrors, serviceId)
    },
  })
}

interface Reaching extends MirrorContext {
  reach: GitReach
}

async function prepare(options: GitSourceOptions): Promise<GitEnvironment> {
  await mkdir(options.mirrors, { recursive: true, mode: 0o700 })
  const environment = await prepareEnvironment(options)
  await checkGitVersion(environment)
  return environment
}

async function allowedRemote(
  { serviceId, url }: Repository,
  { sourceRoots, repositories }: GitSourceOptions,
): Promise<Remote> {
  if (url === null) return pushedRemote(serviceId, repositories)
  const remote = parseRemote({ url })
  return remote.kind === 'local'
    ? { ...remote, path: await localGitFolder(remote.path, sourceRoots) }
    : remote
}

/** What the names of a reference mean over there; always asks, so that a repository that is gone is noticed. */
async function listedObject(reference: Reference, context: Reaching): Promise<string | undefined> {
  const { environment, remote, repository, reach, signal } = context
  const result = await runGit({
    args: [
      ...environment.fixed,
      ...reach.config.flatMap((option) => ['-c', option]),
      'ls-remote',
      '--quiet',
      ...uploadPack(remote),
      '--',
      remote.kind === 'local' ? remote.path : remote.url,
      ...(reference.commit === undefined ? patternsOf(reference) : ['HEAD']),
    ],
    environment: reach.environment,
    timeoutMs: timeouts.probe,
    signal,
  })
  if (result.code !== 0)
    throw reachFailure(result, { shown: remote.shown, credentials: repository.credentials })
  return chosenObject(reference, result.stdout.toString('utf8'))
}

async function abbreviated(mirror: Mirror, { abbreviation }: Reference): Promise<string | undefined> {
  return abbreviation === undefined ? undefined : commitOf(mirror, abbreviation)
}

const isRefNotFound = (error: unknown) => error instanceof SourceError && error.code === 'RefNotFound'

function notFound(ref: string, remote: Remote): never {
  const short = /^[0-9a-f]{7,39}$/i.test(ref) ? ' If it is a commit, give all 40 digits.' : ''
  throw new SourceError('RefNotFound', `${remote.shown} has no branch and no tag named ${ref}.${short}`)
}

/** A failure is not kept: the next call tries again. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () =>
    (made ??= make().catch((error: unknown) => {
      made = undefined
      throw error
    }))
}
