import type { Plan, PlannedPack } from '../contract/plan.ts'
import type { PackAddress, Packs } from '../ports/packs.ts'
import { SourceError } from '../ports/source.ts'
import { expected } from './typed-failure.ts'

/** The plan with every buildpack of others fetched, and pinned to what it is now. @throws PackUnavailable */
export async function pinPacks(
  { packs }: { packs: Packs },
  plan: Plan,
  credentials: readonly PackAddress['credentials'][],
  signal: AbortSignal,
): Promise<Plan> {
  if (!plan.packs) return plan
  const pin = async (pack: PlannedPack, index: number): Promise<PlannedPack> => {
    if (pack.url === null) return pack
    const address = { url: pack.url, ref: pack.ref, credentials: credentials[index] ?? null }
    return { ...pack, pin: await packs.fetch(address, signal).catch((error) => unavailable(pack, error)) }
  }
  return { ...plan, packs: await Promise.all(plan.packs.map(pin)) }
}

function unavailable({ name, reason }: PlannedPack, error: unknown): never {
  if (!(error instanceof SourceError) || error.code === 'DiskFull') throw error
  throw expected('PackUnavailable', `The buildpack ${name} (${reason}) cannot be used. ${error.message}`)
}
