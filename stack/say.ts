/** Tells people what happens; `part` is who it is about. */
export type Say = (part: string, text: string, fields?: Record<string, unknown>) => void
