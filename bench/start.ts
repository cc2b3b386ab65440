import { startSluice } from '../test/e2e/sluice.ts'
import { median } from './figures.ts'

/** Milliseconds from `sluice up` to the API being ready: on a new home, and on one that was stopped before. */
export async function benchStart(): Promise<Record<string, number>> {
  const begin = performance.now()
  const sluice = await startSluice()
  const firstMs = performance.now() - begin
  const warm = []
  for (let round = 0; round < 3; round++) {
    await sluice.stopUp()
    const again = performance.now()
    await sluice.startAgain()
    warm.push(performance.now() - again)
  }
  await sluice.stop()
  return { firstMs: Math.round(firstMs), warmMs: Math.round(median(warm)) }
}
