import type { PlannedTree } from '../../contract/plan.ts'
import type { Folder } from '../folder.ts'
import type { PythonProject } from './project.ts'

/**
 * What decides the content of `.venv` where pip fills it, which is slow however warm its cache is. Only where each
 * line of requirements.txt names one version: what floats is looked up in each deployment, as it was asked for.
 * uv, poetry and pipenv link or unpack from caches of their own, and may install the project itself.
 */
export function pythonTree(folder: Folder, project: PythonProject): { tree?: PlannedTree; noTree?: string } {
  const text = folder.text('requirements.txt')
  if (project.manager !== 'pip' || text === undefined) return {}
  const floating = requirementLines(text).find((line) => !isPinned(line))
  if (floating !== undefined)
    return { noTree: `"${floating.slice(0, 60)}" in requirements.txt does not name one version (==)` }
  const top = folder.root === '' ? '' : `${folder.root}/`
  return { tree: { folders: [`${top}.venv`], inputs: [`${top}requirements.txt`], patched: false } }
}

/** Without comments; lines that end in a backslash go on in the next one. */
const requirementLines = (text: string): string[] =>
  text
    .slice(0, 256 * 1024)
    .replaceAll(/\\\r?\n/g, ' ')
    .split(/\r\n|\n|\r/)
    .map((line) => line.replace(/(?:^|\s)#.*$/, '').trim())
    .filter((line) => line !== '')

const isPinned = (line: string): boolean =>
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,100}(?:\[[A-Za-z0-9,._ -]{0,100}\])?\s{0,5}===?\s{0,5}[0-9][^\s*;]{0,60}\s{0,5}(?:$|;|--hash=)/.test(
    line,
  )
