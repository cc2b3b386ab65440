import { readdir } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

export interface ToolKind {
  /** Names of its program, the usual one first. Others are offered under the usual one. */
  programs: readonly string[]
  /** Words that make it tell its version. */
  asks: readonly string[]
  /** Variable that names the folder above `bin`. */
  homeVariable?: string
  /** Folders of version managers: each folder in them holds one version, with its programs in `below`. */
  shelves: readonly { folder: string; below: string }[]
}

const home = os.homedir()
const under = (variable: string, usual: string) => process.env[variable] ?? path.join(home, usual)

/** Where a machine keeps the versions of a tool beside the one on its PATH. */
export const toolKinds: Readonly<Record<string, ToolKind>> = {
  python: {
    programs: ['python3', ...Array.from({ length: 12 }, (_, at) => `python3.${20 - at}`)],
    asks: ['--version'],
    shelves: [
      { folder: path.join(under('PYENV_ROOT', '.pyenv'), 'versions'), below: 'bin' },
      { folder: '/opt/pyenv/versions', below: 'bin' },
    ],
  },
  node: {
    programs: ['node'],
    asks: ['--version'],
    shelves: [
      { folder: path.join(under('NVM_DIR', '.nvm'), 'versions/node'), below: 'bin' },
      { folder: path.join(under('NODENV_ROOT', '.nodenv'), 'versions'), below: 'bin' },
      { folder: '/usr/local/nvm/versions/node', below: 'bin' },
      { folder: '/usr/local/n/versions/node', below: 'bin' },
    ],
  },
  java: {
    programs: ['java'],
    asks: ['-version'],
    homeVariable: 'JAVA_HOME',
    shelves: [
      { folder: '/usr/lib/jvm', below: 'bin' },
      { folder: path.join(under('SDKMAN_DIR', '.sdkman'), 'candidates/java'), below: 'bin' },
    ],
  },
  go: {
    programs: ['go'],
    asks: ['version'],
    shelves: [
      { folder: '/usr/lib', below: 'bin' },
      { folder: path.join(home, 'sdk'), below: 'bin' },
    ],
  },
  cargo: {
    programs: ['cargo'],
    asks: ['--version'],
    shelves: [{ folder: path.join(under('RUSTUP_HOME', '.rustup'), 'toolchains'), below: 'bin' }],
  },
  ruby: {
    programs: ['ruby'],
    asks: ['--version'],
    shelves: [
      { folder: path.join(under('RBENV_ROOT', '.rbenv'), 'versions'), below: 'bin' },
      { folder: '/opt/rubies', below: 'bin' },
    ],
  },
  php: {
    programs: ['php', ...Array.from({ length: 8 }, (_, at) => `php8.${7 - at}`)],
    asks: ['--version'],
    shelves: [],
  },
  elixir: { programs: ['elixir'], asks: ['--short-version'], shelves: [] },
}

export const kindOf = (tool: string): ToolKind =>
  (Object.hasOwn(toolKinds, tool) ? toolKinds[tool] : undefined) ?? {
    programs: [tool],
    asks: ['--version'],
    shelves: [],
  }

export interface ToolPlace {
  program: string
  /** Name of the version manager's folder, such as `nightly-x86_64-unknown-linux-gnu`; empty on PATH. */
  label: string
}

/**
 * On PATH first, then by version manager. Shims of version managers are passed over: they pick a version by their own
 * rules, and by files that a service's user cannot read.
 */
export async function toolPlaces(tool: string, searchPath: string): Promise<ToolPlace[]> {
  const kind = kindOf(tool)
  const folders = searchPath.split(path.delimiter).filter((folder) => !isShims(folder, tool))
  const onPath = kind.programs.flatMap((program) =>
    folders.map((folder) => ({ program: path.join(folder, program), label: '' })),
  )
  const shelved = await Promise.all(
    kind.shelves.map(async ({ folder, below }) => {
      const labels = await readdir(folder).catch(() => [])
      return labels
        .filter((label) => folder !== '/usr/lib' || /^go-\d/.test(label))
        .toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
        .map((label) => ({ program: path.join(folder, label, below, kind.programs[0]!), label }))
    }),
  )
  return [...onPath, ...shelved.flat()]
}

/** rustup calls its shims by the tools' own names, in the folder of cargo. */
const isShims = (folder: string, tool: string): boolean =>
  /\/shims\/?$/.test(folder) || (tool === 'cargo' && /\/\.cargo\/bin\/?$/.test(folder))
