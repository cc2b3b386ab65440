import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { PackPart } from '../../../ports/builder.ts'
import { stackName } from './stack-name.ts'

/** What the buildpack API never passes on. */
const neverPassed: ReadonlySet<string> = new Set([
  'PATH',
  'GIT_DIR',
  'CPATH',
  'CPPATH',
  'LD_PRELOAD',
  'LIBRARY_PATH',
  'BUILDPACK_URL',
])

const script = readFileSync(new URL('pack.sh', import.meta.url), 'utf8')

/** Buildpacks export with the means of bash: it runs them where the host has it. */
const inShell = (text: string, ...words: string[]): string =>
  ['exec "$(command -v bash || command -v sh)" -c', ...[text, 'pack', ...words].map(quoted)].join(' ')

/** Runs one program of a buildpack, in the release folder. */
export const packCommand = ({ program, index }: PackPart): string => inShell(script, program, String(index))

/** A command with what the buildpacks before it have exported. */
export const afterPacks = (count: number, command: string): string =>
  inShell(script, 'command', String(count), command)

/** The service's variables travel under a prefix, and become files: a buildpack must not find them exported. */
export function packEnvironment(
  pack: PackPart,
  { cache, directory, variables }: { cache: string; directory: string; variables: Record<string, string> },
): Record<string, string> {
  const passed = Object.entries(pack.program === 'compile' ? variables : {}).filter(
    ([name]) => !neverPassed.has(name),
  )
  return {
    HOME: directory,
    STACK: variables['STACK'] ?? stackName(),
    SLUICE_PACK: pack.directory,
    SLUICE_PACK_NAME: pack.name,
    SLUICE_PACK_COUNT: String(pack.count),
    SLUICE_PACK_CACHE: path.join(cache, 'buildpack'),
    SLUICE_PACK_VARIABLES: passed.map(([name]) => name).join(' '),
    ...Object.fromEntries(passed.map(([name, value]) => [`SLUICE_PACK_V_${name}`, value])),
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
