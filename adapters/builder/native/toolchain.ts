import { constants } from 'node:fs'
import { access, symlink } from 'node:fs/promises'
import path from 'node:path'
import { coerce, satisfies, validRange } from 'semver'
import type { Plan } from '../../../contract/plan.ts'
import type { Toolchain } from '../../../ports/builder.ts'
import { hostPath } from '../../process/host-environment.ts'
import { barrierTo } from '../../process/reachable.ts'
import { makePassages } from '../../process/service-folders.ts'
import type { ServiceUser } from '../../process/service-user.ts'
import type { FoundTools } from './found-tools.ts'
import { fetchCommand } from './tool-fetch.ts'
import { kindOf, toolPlaces } from './tool-places.ts'

type Tool = Plan['tools'][number]

interface Found {
  program: string
  version: string
}

/** What the host has of it, in the order in which it is looked at, until one fits. */
interface Search {
  fitting: Found | undefined
  others: string[]
  /** One that is there, but not for this user, and the folder in its way. */
  barred: { program: string; barrier: string } | undefined
}

export interface ToolchainOptions {
  user: ServiceUser | null
  /** Home of the service: what is fetched goes below it. */
  home: string
  /** Folder for links, which services can pass through. */
  links: string
  found: FoundTools
}

/**
 * Programs for a plan, by absolute path. Another version than the one asked for is never taken: what cannot be met is
 * told in `unmet`.
 */
export async function toolchainFor(tools: readonly Tool[], options: ToolchainOptions): Promise<Toolchain> {
  const toolchain: Toolchain = { folders: [], environment: {}, fetches: [], unmet: [], notes: [] }
  for (const tool of tools) await add(toolchain, tool, options)
  toolchain.folders = [...new Set(toolchain.folders)]
  return toolchain
}

/** A sentence for each tool that this host does not have. Looks only. */
export async function unmetTools(
  tools: readonly Tool[],
  options: Pick<ToolchainOptions, 'user' | 'found'>,
): Promise<string[]> {
  const unmet: string[] = []
  for (const tool of tools) {
    if (tool.fetch) continue
    const { fitting, others, barred } = await search(tool, options)
    if (!fitting) unmet.push(sentence(tool, others, barred))
  }
  return unmet
}

async function add(toolchain: Toolchain, tool: Tool, options: ToolchainOptions): Promise<void> {
  const { fitting, others, barred } = await search(tool, options)
  if (fitting) {
    toolchain.folders.push(await folderFor(tool, fitting, options))
    const { homeVariable } = kindOf(tool.name)
    if (homeVariable) toolchain.environment[homeVariable] = path.dirname(path.dirname(fitting.program))
    if (fitting.version) toolchain.notes.push(`${tool.name} ${fitting.version} (${fitting.program})`)
    return
  }
  if (tool.fetch) {
    const { command, folder } = fetchCommand(tool.fetch, options.home)
    toolchain.fetches.push(command)
    toolchain.folders.push(folder)
    toolchain.notes.push(`${tool.name} ${tool.fetch.version} (${tool.fetch.registry})`)
    return
  }
  toolchain.unmet.push(sentence(tool, others, barred))
}

function sentence({ name, version, reason }: Tool, others: string[], barred: Search['barred']): string {
  const asked = `${version ? `${name} ${version}` : name} is asked for (${reason})`
  const there = barred
    ? ` ${barred.program} is there, but the user of the service may not enter ${barred.barrier}: install it where all users can reach it, or set SLUICE_ISOLATION=none.`
    : ''
  return others.length === 0
    ? `${asked}, but this host has none.${there}`
    : `${asked}, but this host has ${others.join(', ')}.${there}`
}

async function search(
  tool: Tool,
  { user, found: known }: Pick<ToolchainOptions, 'user' | 'found'>,
): Promise<Search> {
  const found: Search = { fitting: undefined, others: [], barred: undefined }
  for (const { program, label } of await toolPlaces(tool.name, hostPath(process.env['PATH']))) {
    if (!(await isProgram(program))) continue
    const barrier = user ? await barrierTo(program, user) : undefined
    if (barrier !== undefined) {
      found.barred ??= { program, barrier }
      continue
    }
    // To start a program only to hear its version takes a fifth of a second.
    if (tool.version === null) return { ...found, fitting: { program, version: '' } }
    if (validRange(tool.version) === null) {
      if (label === tool.version || label.startsWith(`${tool.version}-`))
        return { ...found, fitting: { program, version: label } }
      continue
    }
    const version = await known.versionOf(program, user, kindOf(tool.name).asks)
    const number = coerce(version)
    if (number !== null && satisfies(number, tool.version)) return { ...found, fitting: { program, version } }
    if (version !== '' && !found.others.includes(version)) found.others.push(version)
  }
  return found
}

const isProgram = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  )

/** `python3.12` beside a `python3` that is another one: a folder in which `python3` is the one that fits. */
async function folderFor(tool: Tool, { program }: Found, { links }: ToolchainOptions): Promise<string> {
  const usual = kindOf(tool.name).programs[0]!
  if (path.basename(program) === usual) return path.dirname(program)
  const folder = await makePassages(links, [program.slice(1).replaceAll('/', '-')])
  await symlink(program, path.join(folder, usual)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  return folder
}
