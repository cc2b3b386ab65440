import { once } from 'node:events'
import { createServer } from 'node:net'
import { portHolder } from './port-holder.ts'
import { StackError } from './stack-error.ts'

/** A port that is about to be used. */
export interface WantedPort {
  port: number
  address: string
  /** For people: `the API`. */
  purpose: string
  /** The variable that changes it. */
  setting: string
}

/** @throws StackError that names every port that is taken, by whom where that can be seen, and what to set instead. */
export async function requireFreePorts(wanted: WantedPort[]): Promise<void> {
  const twice = wanted.find((a, index) => wanted.some((b, other) => other < index && a.port === b.port))
  if (twice)
    throw new StackError(`Port ${twice.port} is set for two parts.`, `Set ${twice.setting} to another port.`)
  const problems = (await Promise.all(wanted.map(problemWith))).filter((problem) => problem !== undefined)
  if (problems.length === 0) return
  const settings = problems.map((problem) => problem.setting).join(', ')
  throw new StackError(
    problems.map((problem) => problem.text).join('\n'),
    `End what holds ${problems.length === 1 ? 'it' : 'them'}, or choose another port with ${settings}.`,
  )
}

async function problemWith(wanted: WantedPort): Promise<{ text: string; setting: string } | undefined> {
  const error = await bindError(wanted.port, wanted.address)
  if (!error) return undefined
  return { text: sentence(wanted, error), setting: wanted.setting }
}

function sentence({ port, purpose, address }: WantedPort, error: NodeJS.ErrnoException): string {
  if (error.code === 'EACCES') return `Port ${port} (${purpose}) may not be bound by this user.`
  if (error.code === 'EADDRNOTAVAIL') return `${address} (${purpose}) is not an address of this machine.`
  if (error.code !== 'EADDRINUSE') return `Port ${port} (${purpose}) cannot be bound: ${error.message}.`
  const holder = portHolder(port)
  return `Port ${port} (${purpose}) is in use${holder ? ` by ${holder.command} (pid ${holder.pid})` : ''}.`
}

/** Why a listener cannot be bound; undefined when it can. */
export async function bindError(port: number, address: string): Promise<NodeJS.ErrnoException | undefined> {
  const server = createServer()
  try {
    server.listen({ port, host: address, exclusive: true })
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return undefined
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
}
