import { parseAddress } from './address.ts'
import type { Address, Target } from './address.ts'
import { helloMongodb } from './mongodb.ts'
import { logInToMysql } from './mysql.ts'
import { selectOne } from './postgres.ts'
import { pingRedis } from './redis.ts'
import { converse } from './socket.ts'
import { connectionFailure, placeOf, Unreachable } from './unreachable.ts'

/** Milliseconds for one server; a healthy one answers in a few hundred even across a continent. */
const answerLimit = 5_000
/** Servers that are asked at once. */
const parallel = 4

export interface UnreachableDatabase {
  variable: string
  /** `DATABASE_URL: nothing listens on 127.0.0.1:5499. Start PostgreSQL there, …`; never holds a password. */
  message: string
}

/** Really talks to each backing service that a variable names. Answers those that cannot be used, in order. */
export async function unreachableDatabases(
  variables: Record<string, string>,
  signal: AbortSignal = new AbortController().signal,
): Promise<UnreachableDatabase[]> {
  const addresses = Object.entries(variables).flatMap(([variable, value]) => {
    const address = parseAddress(variable, value)
    return address ? [{ variable, value, address }] : []
  })
  // Two variables with the same url are one question.
  const distinct = [...new Map(addresses.map(({ value, address }) => [value, address]))]
  const failures = new Map<string, Unreachable | undefined>()
  const queue = distinct.values()
  const ask = async () => {
    for (const [value, address] of queue) failures.set(value, await failureOf(address, signal))
  }
  await Promise.all(Array.from({ length: parallel }, ask))
  signal.throwIfAborted()
  return addresses.flatMap(({ variable, value }) => {
    const failure = failures.get(value)
    return failure ? [{ variable, message: `${variable}: ${failure.message}. ${failure.remedy}` }] : []
  })
}

/** Of several hosts one is enough. */
async function failureOf(address: Address, signal: AbortSignal): Promise<Unreachable | undefined> {
  const attempts = address.targets.map((target) => attempt(address, target, signal))
  try {
    await Promise.any(attempts)
    return undefined
  } catch (all) {
    const failures = (all as AggregateError).errors as Unreachable[]
    return new Unreachable(failures.map(({ message }) => message).join('; '), failures[0]!.remedy)
  }
}

async function attempt(address: Address, target: Target, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.timeout(answerLimit)
  try {
    await talk(address, target, AbortSignal.any([signal, limit]))
  } catch (error) {
    if (limit.aborted && !signal.aborted) {
      const remedy = 'Check that it runs, that the port is right and that no firewall is in between.'
      throw new Unreachable(`${placeOf(target)} did not answer within ${answerLimit / 1000} seconds`, remedy)
    }
    throw connectionFailure(error, target, address.product)
  }
}

function talk(address: Address, target: Target, signal: AbortSignal): Promise<void> {
  switch (address.kind) {
    case 'postgres':
      return selectOne(address, target, signal)
    case 'mysql':
      return logInToMysql(address, target, signal)
    case 'redis':
      return pingRedis(address, target, signal)
    case 'mongodb':
      return helloMongodb(address, target, signal)
    case 'tcp':
      return converse(target, { tls: false, signal }, () => Promise.resolve())
  }
}
