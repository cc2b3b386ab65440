import type { Context } from 'hono'
import type { AppEnv } from '../server/deps.ts'

/** Bytes; a pasted file of variables fits. */
const limit = 1024 * 1024

/** The fields of a form as browsers send them. */
export interface Form {
  get(name: string): string | undefined
  /** What was typed, without the blanks around it; undefined when that is nothing. */
  text(name: string): string | undefined
  /** Of a field that may be there several times. */
  all(name: string): string[]
}

/** Counts while it reads, for a length may be a lie or missing. */
export async function formOf(c: Context<AppEnv>): Promise<Form> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of c.req.raw.body ?? []) {
    size += chunk.length
    if (size > limit) throw new FormTooLarge()
    chunks.push(chunk)
  }
  const fields = new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
  return {
    get: (name) => fields.get(name) ?? undefined,
    text: (name) => fields.get(name)?.trim() || undefined,
    all: (name) => fields.getAll(name),
  }
}

export class FormTooLarge extends Error {
  override name = 'FormTooLarge'
}
