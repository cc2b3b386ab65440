import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import path from 'node:path'
import { ArchiveError, type ArchiveFacts, type ReceivedArchive } from '../../../ports/archives.ts'
import { readJsonIfThere, syncDirectory, writeDurable } from '../../files/durable.ts'
import { orNoRoom } from '../roomy.ts'
import { inspect } from './inspect.ts'
import { keptWithoutNeed, type ArchiveSourceOptions } from './options.ts'

export const isArchiveId = (id: string): boolean => /^sha256:[0-9a-f]{64}$/.test(id)

/** A part of an archive that nobody has written to for so long belongs to a process that is gone. */
const abandonedAfter = 60 * 60_000

/** The archives of all services, named after their content; a file of facts beside each is written last. */
export class ArchiveFolder {
  readonly #options: Pick<ArchiveSourceOptions, 'directory' | 'limit'>

  constructor(options: Pick<ArchiveSourceOptions, 'directory' | 'limit'>) {
    this.#options = options
  }

  fileOf(serviceId: string, id: string): string {
    if (!isArchiveId(id)) throw new Error(`${id} is no archive`)
    return path.join(this.#folderOf(serviceId), id.slice('sha256:'.length))
  }

  /** undefined when it is not kept. */
  facts(serviceId: string, id: string): Promise<ArchiveFacts | undefined> {
    return readJsonIfThere<ArchiveFacts>(`${this.fileOf(serviceId, id)}.json`)
  }

  /** See ports/archives.ts. */
  async receive(serviceId: string, body: AsyncIterable<Uint8Array>): Promise<ReceivedArchive> {
    const part = path.join(await this.#incoming(), `${serviceId}.${randomBytes(8).toString('hex')}`)
    const discard = () => rm(part, { force: true })
    try {
      const { hex, bytes } = await orNoRoom(this.#write(part, body))
      const id = `sha256:${hex}`
      return { id, discard, keep: (name) => orNoRoom(this.#keep(serviceId, part, { id, name, bytes })) }
    } catch (error) {
      await discard()
      throw error
    }
  }

  async prune(serviceId: string, needed: readonly string[]): Promise<number> {
    const kept = new Set(needed.filter(isArchiveId).map((id) => id.slice('sha256:'.length)))
    const folder = this.#folderOf(serviceId)
    const names = (await namesIn(folder)).filter((name) => /^[0-9a-f]{64}$/.test(name))
    const aged = await Promise.all(
      names.map(async (name) => ({ name, usedAt: (await stat(path.join(folder, name))).mtimeMs })),
    )
    const old = aged
      .toSorted((a, b) => b.usedAt - a.usedAt)
      .slice(keptWithoutNeed.newest)
      .filter(({ name, usedAt }) => !kept.has(name) && Date.now() - usedAt > keptWithoutNeed.ageMs)
    for (const { name } of old) {
      // The facts first: without them it counts as not kept.
      await rm(path.join(folder, `${name}.json`), { force: true })
      await rm(path.join(folder, name), { force: true })
    }
    return old.length
  }

  forget(serviceId: string): Promise<void> {
    return rm(this.#folderOf(serviceId), { recursive: true, force: true })
  }

  async #write(part: string, body: AsyncIterable<Uint8Array>): Promise<{ hex: string; bytes: number }> {
    const { limit } = this.#options
    const hash = createHash('sha256')
    let bytes = 0
    const output = await open(part, 'wx', 0o600)
    try {
      for await (const chunk of body) {
        bytes += chunk.length
        if (bytes > limit) throw tooLarge(limit)
        hash.update(chunk)
        await output.writeFile(chunk)
      }
      await output.sync()
    } finally {
      await output.close()
    }
    return { hex: hash.digest('hex'), bytes }
  }

  async #keep(
    serviceId: string,
    part: string,
    { id, name, bytes }: Omit<ArchiveFacts, 'files'>,
  ): Promise<ArchiveFacts> {
    const file = this.fileOf(serviceId, id)
    const inspected = await inspect(part, this.#options.limit)
    const files =
      inspected.layout === 'program'
        ? 1
        : inspected.entries.filter((entry) => entry && entry.kind !== 'directory').length
    const facts = { id, name, bytes, files }
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
    // An earlier one has another time, and may be about to go as an old one.
    await utimes(part, new Date(), new Date())
    await rename(part, file)
    await syncDirectory(path.dirname(file))
    await syncDirectory(this.#options.directory)
    await writeDurable(`${file}.json`, JSON.stringify(facts), { mode: 0o600 })
    return facts
  }

  /** Service ids have no dot, so it is none of theirs. */
  async #incoming(): Promise<string> {
    const folder = path.join(this.#options.directory, '.incoming')
    await mkdir(folder, { recursive: true, mode: 0o700 })
    for (const name of await namesIn(folder)) {
      const left = path.join(folder, name)
      const { mtimeMs = Date.now() } = (await stat(left).catch(() => undefined)) ?? {}
      if (Date.now() - mtimeMs > abandonedAfter) await rm(left, { force: true })
    }
    return folder
  }

  #folderOf(serviceId: string): string {
    return path.join(this.#options.directory, serviceId)
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
}

export const tooLarge = (limit: number) =>
  new ArchiveError(
    'tooLarge',
    `The archive is larger than ${limit} bytes. Leave out what is installed or built, or raise SLUICE_ARCHIVE_LIMIT.`,
  )
