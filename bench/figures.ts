export const median = (values: number[]): number => quantile(values, 0.5)

/** Milliseconds. */
export interface Figures {
  medianMs: number
  p95Ms: number
}

/** Of a distribution, to a tenth. */
export const spread = (values: number[]) => ({
  median: tenths(median(values)),
  p95: tenths(quantile(values, 0.95)),
  p99: tenths(quantile(values, 0.99)),
  most: tenths(quantile(values, 1)),
})

export const figuresOf = (tookMs: number[]): Figures => ({
  medianMs: tenths(median(tookMs)),
  p95Ms: tenths(quantile(tookMs, 0.95)),
})

function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}

export const tenths = (ms: number): number => Math.round(ms * 10) / 10
