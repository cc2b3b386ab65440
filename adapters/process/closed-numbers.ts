import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { entriesAt } from '../files/entries-at.ts'

/**
 * Which deployments of an environment are over on this host, so that an agent that was paused and wakes up late starts
 * nothing for them any more: the greatest number that is a file name in `<service>/<environment>`. An environment's
 * deployments run one after the other, so every smaller one is over too. Not synced: what was paused does not
 * outlive a power loss.
 */
export class ClosedNumbers {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  /** `id` is `<service>/<environment>/<number>`, with more below it or not; anything shorter closes nothing. */
  async close(id: string): Promise<void> {
    const [folder, number] = this.#placeOf(id)
    if (number === undefined) return
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(path.join(folder, String(number)), '')
    const older = (await numbersIn(folder)).filter((one) => one < number)
    await Promise.all(older.map((one) => rm(path.join(folder, String(one)), { force: true })))
  }

  async isClosed(id: string): Promise<boolean> {
    const [folder, number] = this.#placeOf(id)
    return number !== undefined && number <= Math.max(0, ...(await numbersIn(folder)))
  }

  /** Not only because a later one is. */
  async isClosedItself(id: string): Promise<boolean> {
    const [folder, number] = this.#placeOf(id)
    return number !== undefined && (await numbersIn(folder)).includes(number)
  }

  #placeOf(id: string): [folder: string, number: number | undefined] {
    const [, service = '', environment = '', number] =
      /^([a-z0-9-]+)\/([a-z0-9-]+)\/(\d+)(?:\/|$)/.exec(id) ?? []
    return [
      path.join(this.#directory, service, environment),
      number === undefined ? undefined : Number(number),
    ]
  }
}

const numbersIn = async (folder: string): Promise<number[]> =>
  (await entriesAt(folder)).filter((name) => /^\d+$/.test(name)).map(Number)
