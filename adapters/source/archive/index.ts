import { expectedSum, isArchiveUrl, shortCommit } from '../../../contract/archive-ref.ts'
import type { ArchiveFacts, Archives } from '../../../ports/archives.ts'
import { SourceError, type Commit, type Source } from '../../../ports/source.ts'
import { writeFreshFolder } from '../fresh-folder.ts'
import { roomy } from '../roomy.ts'
import { ArchiveFolder, isArchiveId } from './archive-folder.ts'
import { checkUrl, download, shownUrl } from './download.ts'
import { inspect, type Inspected } from './inspect.ts'
import type { ArchiveSourceOptions } from './options.ts'
import { unpack } from './unpack.ts'

export type { ArchiveSourceOptions } from './options.ts'

/** Code from archives that were uploaded, or that are fetched from a url. The commit is the sum of the content. */
export function archiveSource(options: ArchiveSourceOptions): Source & Archives {
  const folder = new ArchiveFolder(options)
  /** A deployment reads and then exports the same archive, whose content never changes. */
  let last: { file: string; inspected: Inspected } | undefined

  const factsOf = async (serviceId: string, id: string): Promise<ArchiveFacts> => {
    const facts = isArchiveId(id) ? await folder.facts(serviceId, id) : undefined
    if (facts) return facts
    throw new SourceError(
      'ArchiveGone',
      `The archive ${shortCommit(id)} of ${serviceId} is not kept any more.`,
    )
  }

  const fetched = async (serviceId: string, ref: string, signal?: AbortSignal): Promise<ArchiveFacts> => {
    const url = await wholeUrl(options, serviceId, ref)
    const received = await download(url, options, (body) => folder.receive(serviceId, body), signal)
    try {
      const wanted = expectedSum(ref)
      if (wanted !== undefined && wanted !== received.id)
        throw new SourceError(
          'ArchiveUnreachable',
          `${shownUrl(url)} has the sum ${received.id}, and ${wanted} was asked for.`,
        )
      return await received.keep(shownUrl(url))
    } finally {
      await received.discard()
    }
  }

  return {
    ...roomy({
      async resolve({ serviceId }, ref, signal) {
        if (!isArchiveUrl(ref)) return commitOf(await factsOf(serviceId, ref))
        const wanted = expectedSum(ref)
        const there = wanted === undefined ? undefined : await folder.facts(serviceId, wanted)
        return commitOf(there ?? (await fetched(serviceId, ref, signal)))
      },

      async probe({ serviceId }, ref) {
        if (isArchiveUrl(ref)) await checkUrl(await wholeUrl(options, serviceId, ref), options)
        else await factsOf(serviceId, ref)
        return isArchiveUrl(ref) ? undefined : ref
      },

      async readTree({ serviceId }, id, isDetectionFile) {
        await factsOf(serviceId, id)
        const file = folder.fileOf(serviceId, id)
        const inspected = await inspect(file, options.limit, isDetectionFile)
        last = { file, inspected }
        return treeOf(inspected)
      },

      async export({ serviceId }, id, directory, signal) {
        await factsOf(serviceId, id)
        const file = folder.fileOf(serviceId, id)
        const inspected = last?.file === file ? last.inspected : await inspect(file, options.limit)
        last = undefined
        await writeFreshFolder(directory, inspected.bytes, (fresh) => unpack(file, inspected, fresh, signal))
      },

      commitsBetween: () => Promise.resolve(undefined),

      forget: (serviceId) => folder.forget(serviceId),
    }),
    receive: (serviceId, body) => folder.receive(serviceId, body),
    prune: (serviceId, needed) => folder.prune(serviceId, needed),
  }
}

async function wholeUrl(
  { secretUrl }: ArchiveSourceOptions,
  serviceId: string,
  ref: string,
): Promise<string> {
  return (await secretUrl?.(serviceId, ref)) ?? ref.replace(/#.*$/, '')
}

const commitOf = ({ id, name, bytes, files }: ArchiveFacts): Commit => ({
  sha: id,
  message: `${name} (${files} ${files === 1 ? 'file' : 'files'}, ${Math.ceil(bytes / 1024)} KiB)`,
})

function treeOf(inspected: Inspected) {
  if (inspected.layout === 'program') return { paths: [inspected.file], files: {} }
  const files = inspected.entries
    .filter((entry) => entry !== undefined)
    .filter(({ kind }) => kind !== 'directory')
  return { paths: files.map(({ path }) => path).toSorted(), files: Object.fromEntries(inspected.texts) }
}
