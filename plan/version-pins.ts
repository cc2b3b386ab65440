import semver from 'semver'
import type { Tool } from './detection.ts'
import type { Folder } from './folder.ts'

/** One place in the tree that asks for a version. */
export interface VersionPin {
  where: string
  text: string
}

/** A semver range; null for any version; undefined when the text is not a version. */
export type RangeReader = (text: string) => string | null | undefined

/** The first pin counts. One that contradicts it, or that is no version, is a warning: none is dropped silently. */
export function chooseVersion(
  { name, title }: { name: string; title: string },
  pins: readonly (VersionPin & { read: RangeReader })[],
  unpinned: string,
): { tool: Tool; warnings: string[] } {
  const warnings: string[] = []
  let chosen: { pin: VersionPin; range: string | null } | undefined
  for (const pin of pins) {
    const range = pin.read(pin.text)
    if (range === undefined) {
      warnings.push(
        `${pin.where} asks for ${title} "${pin.text.slice(0, 60)}", which is no version: it was left out.`,
      )
    } else if (!chosen) {
      chosen = { pin, range }
    } else if (contradict(chosen.range, range)) {
      warnings.push(
        `${chosen.pin.where} asks for ${title} ${chosen.pin.text} and ${pin.where} for ${pin.text}: ${chosen.pin.where} is used.`,
      )
    }
  }
  const tool = chosen
    ? { name, version: chosen.range, reason: `${chosen.pin.where} says ${chosen.pin.text}` }
    : { name, version: null, reason: unpinned }
  return { tool, warnings }
}

function contradict(one: string | null, other: string | null): boolean {
  if (one === null || other === null) return false
  // A channel such as `nightly` is no range.
  if (semver.validRange(one) === null || semver.validRange(other) === null) return one !== other
  return !semver.intersects(one, other)
}

/** The first line with something on it; files of version managers allow comments. */
export function pinFile(folder: Folder, file: string): VersionPin[] {
  const text = meaningfulLines(folder.text(file) ?? '')[0]
  return text === undefined ? [] : [{ where: file, text: text.slice(0, 100) }]
}

/** What asdf and mise read: `nodejs 20.1.0`. */
export function toolVersionsPins(folder: Folder, ...names: string[]): VersionPin[] {
  return meaningfulLines(folder.text('.tool-versions') ?? '').flatMap((line) => {
    const [tool, version] = line.split(/\s+/)
    return names.includes(tool!) && version ? [{ where: '.tool-versions', text: version.slice(0, 100) }] : []
  })
}

export const meaningfulLines = (text: string): string[] =>
  text
    .split(/\r\n|\n|\r/)
    .map((line) => line.split('#', 1)[0]!.trim())
    .filter((line) => line !== '')

/** `3.12` is any 3.12, `v3.12.1` that one alone; a word in front (`ruby-3.2`, `temurin-17`) is left out. */
export function plainVersion(text: string): string | null | undefined {
  const word = text.trim().toLowerCase()
  if (['latest', 'stable', 'system', '*'].includes(word)) return null
  const number =
    /^(?:[a-z][a-z._]{0,30}-?)?(\d{1,6}(?:\.\d{1,6}){0,2})(?:\.\d{1,6}|[+_-][a-z0-9.+-]{0,40})?$/.exec(
      word,
    )?.[1]
  return number === undefined ? undefined : (semver.validRange(number) ?? undefined)
}

/** The version named is the oldest that will do. */
export function minimumVersion(text: string): string | null | undefined {
  const least = semver.coerce(text.slice(0, 50))
  return least === null ? undefined : `>=${least.version}`
}

/** Commas join conditions, and `~> 1.15` is at least 1.15 but below 2, as Ruby and Elixir mean it. */
export function pessimisticRange(text: string): string | null | undefined {
  const parts = text
    .slice(0, 200)
    .split(/\band\b|,/)
    .map((part) => part.trim())
  const ranges = parts.map((part) => {
    const digits = /^~>\s*(\d{1,6}(?:\.\d{1,6}){0,2})/.exec(part)?.[1]
    if (digits === undefined) return part
    const numbers = digits.split('.')
    if (numbers.length === 3) return `~${digits}`
    return `>=${semver.coerce(digits)!.version} <${Number(numbers[0]) + 1}.0.0`
  })
  return semver.validRange(ranges.join(' ')) ?? undefined
}
