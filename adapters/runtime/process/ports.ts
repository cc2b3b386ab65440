import { mkdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { NoFreePort } from '../../../ports/runtime.ts'
import { createDurable } from '../../files/durable.ts'
import { entriesAt } from '../../files/entries-at.ts'

/** Ports given to instances: a file per port with the id of whose it is, made by whoever is first. */
export class PortRegister {
  readonly #directory: string
  readonly #first: number
  readonly #last: number

  constructor(directory: string, [first, last]: readonly [number, number]) {
    this.#directory = directory
    this.#first = first
    this.#last = last
  }

  /** A port that nobody else has. What this id had before is its own still, if it is free. @throws NoFreePort */
  async take(id: string, preferred?: number): Promise<number> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    for (const port of this.#candidates(preferred)) {
      if (!(await this.#reserve(port, id))) continue
      if (await isFree(port)) return port
      await this.release(port, id)
    }
    throw new NoFreePort(
      `every port from ${this.#first} to ${this.#last} is in use: remove environments, or widen SLUICE_SERVICE_PORTS`,
    )
  }

  /** Only its owner gives a port back. */
  async release(port: number, id: string): Promise<void> {
    if ((await this.#ownerOf(port)) === id) await rm(this.#file(port), { force: true })
  }

  /** Gives back what was reserved for an instance that did not come to be. Answers which ports. */
  async releaseLost(isUsed: (id: string, port: number) => Promise<boolean>): Promise<number[]> {
    const lost: number[] = []
    for (const name of await entriesAt(this.#directory)) {
      const id = /^\d+$/.test(name) ? await this.#ownerOf(Number(name)) : undefined
      if (!id || (await isUsed(id, Number(name)))) continue
      await this.release(Number(name), id)
      lost.push(Number(name))
    }
    return lost
  }

  async #reserve(port: number, id: string): Promise<boolean> {
    return (await createDurable(this.#file(port), id, { mode: 0o600 })) || (await this.#ownerOf(port)) === id
  }

  async #ownerOf(port: number): Promise<string | undefined> {
    return readFile(this.#file(port), 'utf8').catch(() => undefined)
  }

  /** From a random place on: a port that was just left should rest for a while. */
  *#candidates(preferred: number | undefined): Generator<number> {
    if (preferred !== undefined) yield preferred
    const count = this.#last - this.#first + 1
    const start = Math.floor(Math.random() * count)
    for (let step = 0; step < count; step++) yield this.#first + ((start + step) % count)
  }

  #file(port: number): string {
    return path.join(this.#directory, String(port))
  }
}

/** Nobody listens on it, neither on loopback nor on all addresses. */
export async function isFree(port: number): Promise<boolean> {
  return (await canBind(port, '0.0.0.0')) && (await canBind(port, '127.0.0.1'))
}

function canBind(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
