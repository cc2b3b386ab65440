import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { access, open, readFile, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { kindOf } from '../tool-places.ts'

/** All that decides what an install command makes: by name, the digest of each. */
export type Facts = Readonly<Record<string, string>>

export interface FactsOf {
  /** Top of the source, which belongs to the user of the service. */
  code: string
  inputs: readonly string[]
  command: string
  /** Of the command, without what is of this release alone. */
  environment: Readonly<Record<string, string>>
  /** Names of the plan's tools, looked for on this PATH. */
  tools: readonly string[]
  searchPath: string
  home: string
}

export async function factsOf(of: FactsOf): Promise<Facts> {
  const files = of.inputs.map(async (file): Promise<[string, string]> => [
    file,
    await fileDigest(path.join(of.code, file)),
  ])
  const programs = of.tools.map(async (tool): Promise<[string, string]> => [
    tool,
    await programIdentity(tool, of.searchPath),
  ])
  const variables = Object.entries(of.environment).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries([
    ...(await Promise.all(files)),
    ...(await Promise.all(programs)),
    ['the npm settings of the service user', await fileDigest(path.join(of.home, '.npmrc'))],
    ['the command', digest(of.command)],
    ['the variables', digest(JSON.stringify(variables))],
    ['the operating system', await systemIdentity()],
  ])
}

/** The name of the tree that was made from these. */
export const keyOf = (facts: Facts): string =>
  digest(JSON.stringify(Object.entries(facts).toSorted(([a], [b]) => (a < b ? -1 : 1))))

/** Names of those that differ, in words. */
export function changesBetween(before: Facts, now: Facts): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])]
  const changed = names.filter((name) => before[name] !== now[name])
  const more = changed.length > 3 ? ` and ${changed.length - 3} more` : ''
  return `${changed.slice(0, 3).join(', ')}${more} changed`
}

/** Never follows a link and never waits for a pipe: whoever the service is may put anything there. */
async function fileDigest(file: string): Promise<string> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const handle = await open(file, flags).catch(() => undefined)
  if (!handle) return ''
  try {
    return (await handle.stat()).isFile() ? digest(await handle.readFile()) : ''
  } finally {
    await handle.close()
  }
}

/** A program that was replaced has another size or time; to ask for its version would start a process each. */
async function programIdentity(tool: string, searchPath: string): Promise<string> {
  const [program = tool] = kindOf(tool).programs
  for (const folder of searchPath.split(path.delimiter)) {
    const file = path.join(folder, program)
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (!isThere) continue
    const real = await realpath(file)
    const { size, mtimeMs } = await stat(real)
    return digest(JSON.stringify([real, size, mtimeMs]))
  }
  return ''
}

/** What is compiled at an install is compiled for this. */
async function systemIdentity(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return digest(JSON.stringify([process.platform, process.arch, release]))
}

const digest = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex')
