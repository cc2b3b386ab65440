import type { Folder } from '../folder.ts'
import { readToml, tableAt, textsAt } from '../toml.ts'
import type { TomlTable } from '../toml.ts'

export type PythonManager = 'uv' | 'poetry' | 'pipenv' | 'pip' | 'project'

export interface PythonProject {
  manager: PythonManager
  /** What says so. */
  file: string
  pyproject: TomlTable
  pipfile: TomlTable
  /** Names of direct dependencies, lower case, `_` and `.` as `-`. */
  dependencies: ReadonlySet<string>
  warnings: string[]
}

/**
 * Lockfiles before lists: what a tool has resolved says more than what a person asked for. requirements.txt comes
 * after them because uv and poetry export one for others, and a bare pyproject.toml last, as it may only hold
 * settings of a linter.
 */
const signs: readonly (readonly [file: string, manager: PythonManager])[] = [
  ['uv.lock', 'uv'],
  ['poetry.lock', 'poetry'],
  ['Pipfile.lock', 'pipenv'],
  ['Pipfile', 'pipenv'],
  ['requirements.txt', 'pip'],
]

/** Undefined when nothing says that the folder is a Python project. */
export function pythonProject(folder: Folder): PythonProject | undefined {
  const pyproject = readToml(folder, 'pyproject.toml')
  const pipfile = readToml(folder, 'Pipfile')
  const found = signs.filter(([file]) => folder.has(file))
  const [file, manager] = found[0] ?? declared(folder, pyproject) ?? []
  if (file === undefined || manager === undefined) return undefined
  const locks = found.filter(([name]) => name.endsWith('lock'))
  const warnings =
    locks.length > 1
      ? [
          `Lockfiles of several package managers (${locks.map(([name]) => name).join(', ')}): ${manager} is used. Remove the others.`,
        ]
      : []
  const dependencies = new Set(
    [
      ...requirements(folder),
      ...ofPyproject(pyproject),
      ...Object.keys(tableAt(pipfile, 'packages') ?? {}),
    ].map(plainName),
  )
  return { manager, file, pyproject, pipfile, dependencies, warnings }
}

function declared(folder: Folder, pyproject: TomlTable): readonly [string, PythonManager] | undefined {
  if (tableAt(pyproject, 'tool', 'poetry')) return ['pyproject.toml', 'poetry']
  if (tableAt(pyproject, 'project')) return ['pyproject.toml', 'project']
  return folder.has('manage.py') ? ['manage.py', 'pip'] : undefined
}

function requirements(folder: Folder): string[] {
  const text = (folder.text('requirements.txt') ?? '').slice(0, 256 * 1024)
  return text
    .split(/\r\n|\n|\r/)
    .flatMap((line) => /^\s{0,20}([A-Za-z0-9][A-Za-z0-9._-]{0,100})/.exec(line)?.[1] ?? [])
}

function ofPyproject(pyproject: TomlTable): string[] {
  const texts = textsAt(pyproject, 'project', 'dependencies')
  const names = texts.flatMap((text) => /^\s{0,20}([A-Za-z0-9][A-Za-z0-9._-]{0,100})/.exec(text)?.[1] ?? [])
  // `fastapi[standard]` brings a server along.
  const extras = texts.flatMap((text) =>
    /^fastapi\[[^\]]{0,50}(?:standard|all)/.test(text) ? ['fastapi-cli'] : [],
  )
  return [...names, ...extras, ...Object.keys(tableAt(pyproject, 'tool', 'poetry', 'dependencies') ?? {})]
}

const plainName = (name: string): string => name.toLowerCase().replaceAll(/[._]/g, '-')
