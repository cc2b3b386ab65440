/** One thing that was looked at. */
export interface Check {
  name: string
  /** `missing` keeps Sluice from working; `advice` does not. */
  state: 'ok' | 'advice' | 'missing'
  detail: string
  /** What to do; only when not ok. */
  fix?: string
}

export const ok = (name: string, detail: string): Check => ({ name, state: 'ok', detail })
export const advice = (name: string, detail: string, fix: string): Check => ({
  name,
  state: 'advice',
  detail,
  fix,
})
export const missing = (name: string, detail: string, fix: string): Check => ({
  name,
  state: 'missing',
  detail,
  fix,
})
