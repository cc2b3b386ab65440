import semver from 'semver'
import type { Tool } from '../detection.ts'
import type { Folder } from '../folder.ts'
import { chooseVersion, pinFile, toolVersionsPins } from '../version-pins.ts'
import type { VersionPin } from '../version-pins.ts'
import type { PackageJson } from './package-json.ts'

/** Code names of the LTS lines, as `.nvmrc` may name them: github.com/nodejs/Release. */
const codeNames: Readonly<Record<string, number>> = {
  argon: 4,
  boron: 6,
  carbon: 8,
  dubnium: 10,
  erbium: 12,
  fermium: 14,
  gallium: 16,
  hydrogen: 18,
  iron: 20,
  jod: 22,
  krypton: 24,
}
/** `lts/*` moves with time, so it asks for no certain line: any even major that is still in use will do. */
const anyLts = '^20 || ^22 || ^24 || >=26'

/** The version of Node asked for: what names one version comes before `engines`, which only says what works. */
export function nodeTool(
  folder: Folder,
  manifest: PackageJson,
  workspace: Folder,
): { tool: Tool; warnings: string[] } {
  const pins = [
    ...filePins(folder),
    ...(workspace.root === folder.root ? [] : filePins(workspace)),
    ...manifestPins(manifest),
  ].map((pin) => ({ ...pin, read: nodeRange }))
  return chooseVersion({ name: 'node', title: 'Node' }, pins, 'package.json; no version is pinned')
}

const filePins = (folder: Folder): VersionPin[] => [
  ...pinFile(folder, '.nvmrc'),
  ...pinFile(folder, '.node-version'),
  ...toolVersionsPins(folder, 'nodejs', 'node'),
]

function manifestPins(manifest: PackageJson): VersionPin[] {
  const { runtime } = manifest.devEngines
  const pins: [string, string | undefined][] = [
    ['volta.node', manifest.voltaNode],
    ['devEngines.runtime', runtime?.name === 'node' ? runtime.version : undefined],
    ['engines.node', manifest.engines.get('node')],
  ]
  return pins.flatMap(([where, text]) =>
    text === undefined ? [] : [{ where, text: text.trim().slice(0, 100) }],
  )
}

/** A semver range; null for any version; undefined when the text is not a version. */
export function nodeRange(text: string): string | null | undefined {
  const word = text.trim().toLowerCase()
  if (['node', 'latest', 'current', 'stable', '*', 'system'].includes(word)) return null
  if (word === 'lts' || word === 'lts/*' || word === '--lts' || /^lts\/-\d$/.test(word)) return anyLts
  const codeName = word.startsWith('lts/') ? word.slice(4) : word.startsWith('lts-') ? word.slice(4) : word
  if (Object.hasOwn(codeNames, codeName)) return `^${codeNames[codeName]}`
  return semver.validRange(word.replace(/^node-?(?=v?\d)/, '')) ?? undefined
}
