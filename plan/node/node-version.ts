import semver from 'semver'
import type { Tool } from '../detection.ts'
import type { Folder } from '../folder.ts'
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

interface Pin {
  where: string
  text: string
}

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
  ]
  const warnings: string[] = []
  let chosen: { pin: Pin; range: string | null } | undefined
  for (const pin of pins) {
    const range = nodeRange(pin.text)
    if (range === undefined) {
      warnings.push(
        `${pin.where} asks for Node "${pin.text.slice(0, 60)}", which is no version: it was left out.`,
      )
    } else if (!chosen) {
      chosen = { pin, range }
    } else if (chosen.range !== null && range !== null && !semver.intersects(chosen.range, range)) {
      warnings.push(
        `${chosen.pin.where} asks for Node ${chosen.pin.text} and ${pin.where} for ${pin.text}: ${chosen.pin.where} is used.`,
      )
    }
  }
  const tool = chosen
    ? { name: 'node', version: chosen.range, reason: `${chosen.pin.where} says ${chosen.pin.text}` }
    : { name: 'node', version: null, reason: 'package.json; no version is pinned' }
  return { tool, warnings }
}

function filePins(folder: Folder): Pin[] {
  const pins: Pin[] = []
  for (const file of ['.nvmrc', '.node-version']) {
    const text = folder.text(file) === undefined ? '' : meaningfulLines(folder.text(file)!)[0]
    if (text) pins.push({ where: file, text: text.slice(0, 100) })
  }
  for (const line of meaningfulLines(folder.text('.tool-versions') ?? '')) {
    const [tool, version] = line.split(/\s+/)
    if ((tool === 'nodejs' || tool === 'node') && version)
      pins.push({ where: '.tool-versions', text: version.slice(0, 100) })
  }
  return pins
}

function manifestPins(manifest: PackageJson): Pin[] {
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

const meaningfulLines = (text: string): string[] =>
  text
    .split(/\r\n|\n|\r/)
    .map((line) => line.split('#', 1)[0]!.trim())
    .filter((line) => line !== '')

/** A semver range; null for any version; undefined when the text is not a version. */
export function nodeRange(text: string): string | null | undefined {
  const word = text.trim().toLowerCase()
  if (['node', 'latest', 'current', 'stable', '*', 'system'].includes(word)) return null
  if (word === 'lts' || word === 'lts/*' || word === '--lts' || /^lts\/-\d$/.test(word)) return anyLts
  const codeName = word.startsWith('lts/') ? word.slice(4) : word.startsWith('lts-') ? word.slice(4) : word
  if (Object.hasOwn(codeNames, codeName)) return `^${codeNames[codeName]}`
  return semver.validRange(word.replace(/^node-?(?=v?\d)/, '')) ?? undefined
}
