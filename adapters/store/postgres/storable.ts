/** PostgreSQL refuses NUL in text, and halves of surrogate pairs in JSON; builds print both. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\u2400').toWellFormed()
}

export function storableOrNull(text: string | null): string | null {
  return text === null ? null : storable(text)
}

/** Text for a `jsonb` column. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'string' ? storable(part) : part))
}
