/** Memory for what is on its way to clients, used again and again: allocated for each part, a third of the time went into that. */
const free: Buffer[] = []
const mostFree = 64

/** A whole read from a service, with a header before it. */
export const slabBytes = 65_536 + 16_384

export const takeSlab = (): Buffer => free.pop() ?? Buffer.allocUnsafeSlow(slabBytes)

/** Once it is written, or never will be. */
export function giveSlab(slab: Buffer): void {
  if (free.length < mostFree) free.push(slab)
}
