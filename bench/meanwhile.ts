import type { Sluice } from '../test/e2e/sluice.ts'
import { spread } from './figures.ts'
import { residentMb } from './memory.ts'

/** Asks the API ten times a second meanwhile, and looks at the memory of its process. */
export async function measured(of: Sluice, work: () => Promise<unknown>) {
  const answers: Promise<number>[] = []
  let mb = 0
  const ask = async () => {
    const began = performance.now()
    // A connection of its own: a kept one may be closed by the other side in the moment in which it is used.
    const { status } = await of.api('GET', '/v1/services', undefined, { connection: 'close' })
    if (status !== 200) throw new Error(`the API answered ${status}`)
    return performance.now() - began
  }
  const timer = setInterval(() => {
    answers.push(ask())
    mb = Math.max(mb, serverMb(of))
  }, 100)
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  return { api: spread(await Promise.all(answers)), mb }
}

export function serverMb(of: Sluice): number {
  return residentMb(of.part('server').pid)
}
