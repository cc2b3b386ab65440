import { readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Turns } from '../../process/turns.ts'

/** A deployment uses a buildpack within hours of fetching it; another one within a month saves the fetch. */
const unusedFor = 30 * 24 * 3_600_000

/** Removes trees that no deployment has fetched for a month. */
export async function prune(trees: string, turns: Turns): Promise<void> {
  for (const name of await readdir(trees)) {
    const tree = path.join(trees, name)
    if (!(await isOld(tree))) continue
    void turns
      .take(tree, async () => {
        if (await isOld(tree)) await rm(tree, { recursive: true, force: true })
      })
      .catch(() => {})
  }
}

async function isOld(tree: string): Promise<boolean> {
  const found = await stat(tree).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > unusedFor
}
