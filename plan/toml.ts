import { parse } from 'smol-toml'
import type { Folder } from './folder.ts'

export type TomlTable = Readonly<Record<string, unknown>>

/** An empty table when the file is absent or cannot be read: its own tool will say what is wrong with it. */
export function readToml(folder: Folder, file: string): TomlTable {
  try {
    return parse((folder.text(file) ?? '').slice(0, 256 * 1024))
  } catch {
    return {}
  }
}

/** What stands at `project.dependencies`, whatever it is. */
export function valueAt(table: unknown, ...names: string[]): unknown {
  let value = table
  for (const name of names) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as TomlTable)[name]
  }
  return value
}

export const tableAt = (table: unknown, ...names: string[]): TomlTable | undefined => {
  const value = valueAt(table, ...names)
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as TomlTable)
    : undefined
}

export const textAt = (table: unknown, ...names: string[]): string | undefined => {
  const value = valueAt(table, ...names)
  return typeof value === 'string' && value.trim() !== '' && !value.includes('\0') ? value : undefined
}

export const textsAt = (table: unknown, ...names: string[]): string[] => {
  const value = valueAt(table, ...names)
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}
