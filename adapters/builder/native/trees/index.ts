import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import type { PlannedTree } from '../../../../contract/plan.ts'
import type { ServiceUser } from '../../../process/service-user.ts'
import { changesBetween, type Facts, factsOf, keyOf, type FactsOf } from './facts.ts'
import { type KeptTree, KeptTrees } from './kept-tree.ts'
import { layTree } from './lay-tree.ts'
import { removeTree } from './remove-tree.ts'
import { takeTree, Unkeepable } from './take-tree.ts'
import { wayFrom } from './way.ts'

const execute = promisify(execFile)

export interface TreeWork extends Omit<FactsOf, 'inputs'> {
  /** Folder of the environment's trees. */
  folder: string
  planned: PlannedTree
  release: number
  user: ServiceUser | null
}

/** What an install step runs, and what is to be done around it. */
export interface TreeInstall {
  command: string
  /** Once the command has succeeded. Never fails: a tree that is not kept is only made again. */
  keep(): Promise<void>
  /** In any case. */
  discard(): Promise<void>
}

/**
 * The install command of a release: a kept tree is moved into place where nothing that decides its content has changed
 * since it was made, else the command itself runs, and its result is kept. Safe to repeat: each attempt lays the tree
 * out in a folder of its own, and moves it as part of the job.
 */
export async function installWith(work: TreeWork): Promise<TreeInstall> {
  const trees = new KeptTrees(work.folder)
  const facts = await factsOf({ ...work, inputs: work.planned.inputs })
  const key = keyOf(facts)
  const kept = await trees.find(key)
  const names = work.planned.folders.slice(0, 3).join(', ')
  if (kept) {
    const stage = await trees.place('stage')
    // The job may be about to move the tree, when its attempt is let go of: it gets all of it, or none and installs.
    const discard = () => removeTree(stage)
    try {
      const how = await lay(kept, stage, work)
      await trees.used(key)
      const line = `${names} restored from release ${kept.record.release}, ${how}: nothing that it depends on has changed`
      return { command: moveCommand(kept, stage, work, line), keep: async () => {}, discard }
    } catch (error) {
      await discard()
      return { ...miss(`the kept one could not be restored: ${String(error)}`), discard: async () => {} }
    }
  }
  return miss(await whyNone(trees, key, facts))

  function miss(why: string): TreeInstall {
    return {
      command: `${say(`${names} not restored: ${why}`)}\n${work.command}`,
      keep: () => keepTree(trees, key, { ...work, facts }),
      discard: async () => {},
    }
  }
}

async function whyNone(trees: KeptTrees, key: string, facts: Facts): Promise<string> {
  const refusal = await trees.refusal(key)
  if (refusal !== undefined) return `it was not kept, ${refusal}`
  const last = await trees.last()
  return last ? `${changesBetween(last.record.facts, facts)} since it was last kept` : 'none is kept yet'
}

const howSaid = { reflink: 'as shared blocks', link: 'by hard links', copy: 'as a copy' } as const

async function lay(kept: KeptTree, stage: string, { code, user }: TreeWork): Promise<string> {
  const mayLink = user !== null && kept.record.way === 'link'
  const way = await wayFrom(path.join(kept.folder, 'tree.json'), stage, { mayLink })
  await layTree(kept, stage, { code, way, user })
  return howSaid[way]
}

/**
 * By the user of the service, whose folder the source is: Sluice itself writes nothing there. A move to another file
 * system may end midway, and an installer may take a part of a tree for the whole: so none is left to it.
 */
function moveCommand({ record }: KeptTree, stage: string, work: TreeWork, line: string): string {
  const places = record.folders.map((folder) => word(path.join(work.code, folder)))
  const moves = places.map(
    (place, at) => `rm -rf -- ${place} && mv -- ${word(path.join(stage, 'tree', String(at)))} ${place}`,
  )
  const failed = `${say('what is kept could not be moved into place')}\nrm -rf -- ${places.join(' ')}`
  return `if ${moves.join(' && ')}; then ${say(line)}; else ${failed}\n${work.command}\nfi`
}

async function keepTree(trees: KeptTrees, key: string, work: TreeWork & { facts: Facts }): Promise<void> {
  if (await trees.find(key)) return
  const place = await trees.place('new')
  try {
    const { code, user, planned, release, facts } = work
    const mayLink = user !== null && !planned.patched
    const way = await wayFrom(path.join(code, planned.inputs[0]!), place, { mayLink })
    const taken = await takeTree({ code, folders: planned.folders, way, user }, place)
    await trees.keep(key, place, { facts, way, release, code, ...taken })
    await trees.tidy()
  } catch (error) {
    await trees.refuse(key, error instanceof Unkeepable ? `since ${error.message}` : String(error))
  } finally {
    await execute('rm', ['-rf', '--', place]).catch(() => {})
  }
}

const say = (line: string): string => `printf '%s\\n' ${word(`[sluice] ${line}`)}`

const word = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
