import semver from 'semver'
import type { Tool } from '../detection.ts'
import type { Folder } from '../folder.ts'
import { textAt } from '../toml.ts'
import { chooseVersion, pinFile, plainVersion, toolVersionsPins } from '../version-pins.ts'
import type { PythonProject } from './project.ts'

/** The version of Python asked for: what names one comes before what only says which ones work. */
export function pythonTool(folder: Folder, project: PythonProject): { tool: Tool; warnings: string[] } {
  const named = [
    ...pinFile(folder, '.python-version'),
    ...pinFile(folder, 'runtime.txt'),
    ...toolVersionsPins(folder, 'python'),
  ].map((pin) => ({ ...pin, read: plainVersion }))
  const { pipfile, pyproject } = project
  const stated = [
    ['Pipfile python_full_version', textAt(pipfile, 'requires', 'python_full_version'), plainVersion],
    ['Pipfile python_version', textAt(pipfile, 'requires', 'python_version'), plainVersion],
    ['requires-python', textAt(pyproject, 'project', 'requires-python'), specifierRange],
    [
      'tool.poetry.dependencies.python',
      textAt(pyproject, 'tool', 'poetry', 'dependencies', 'python'),
      specifierRange,
    ],
  ] as const
  const pins = stated.flatMap(([where, text, read]) =>
    text === undefined ? [] : [{ where, text: text.slice(0, 100), read }],
  )
  return chooseVersion(
    { name: 'python', title: 'Python' },
    [...named, ...pins],
    `${project.file}; no version is pinned`,
  )
}

/** Version specifiers of Python (PEP 440) as a semver range; poetry's `^` and `~` mean what they do there. */
export function specifierRange(text: string): string | null | undefined {
  const parts = text
    .slice(0, 200)
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  if (parts.length === 0 || text.trim() === '*') return null
  const ranges = parts.flatMap((part) => {
    const match = /^(===?|~=|!=|>=|<=|>|<|\^|~|)\s{0,9}(\d{1,5}(?:\.\d{1,5}){0,2})(?:\.\*)?$/.exec(part)
    if (!match) return [undefined]
    const [, sign, version = ''] = match
    // A version that is left out cannot be said as one range; it is rarely the newest that is there.
    if (sign === '!=') return []
    if (sign === '~=') {
      const next = version.split('.').slice(0, -1)
      next[next.length - 1] = String(Number(next.at(-1) ?? 0) + 1)
      return [`>=${version} <${next.join('.')}`]
    }
    return [`${sign?.startsWith('=') ? '' : sign}${version}`]
  })
  if (ranges.includes(undefined)) return undefined
  return semver.validRange(ranges.join(' ')) ?? undefined
}
