import { PlanError, type PlannedPack } from '../../contract/plan.ts'
import type { Detection } from '../detection.ts'
import type { Folder } from '../folder.ts'
import { inOrder } from '../packs.ts'
import type { ChosenPack } from './choice.ts'

/**
 * What buildpacks make of a folder. Those of Sluice alone are an ordinary detection; with a classic one among them all
 * run one after the other at the build, and the last one says how to start.
 * @throws PlanError PackNotDetected when one of Sluice's own does not recognise the folder
 */
export function packDetection(folder: Folder, chosen: readonly ChosenPack[]): Detection {
  const parts = chosen.map((pack) => ({ pack, own: ownDetection(folder, pack) }))
  const own = parts.flatMap((part) => (part.own ? [part.own] : []))
  if (own.length === parts.length)
    return own.reduce((first, last) => inOrder(first, last, [...first.reasons, ...last.reasons]))
  const tools = own.flatMap((one) => one.tools)
  return {
    technology: [...new Set(parts.map((part) => part.own?.technology ?? 'buildpack'))].join(', '),
    reasons: parts.flatMap(({ pack, own: one }) => one?.reasons ?? [`${pack.reason} names ${pack.name}`]),
    warnings: own.flatMap(({ warnings }) => warnings),
    install: null,
    build: null,
    ...startOf(parts.at(-1)!),
    tools: tools.filter((tool, at) => tools.findIndex(({ name }) => name === tool.name) === at),
    path: own.flatMap((one) => one.path),
    environment: Object.assign({}, ...own.map((one) => one.environment)) as Record<string, string>,
    buildEnvironment: Object.assign({}, ...own.map((one) => one.buildEnvironment)) as Record<string, string>,
    suggestions: own.flatMap(({ suggestions }) => suggestions),
    packs: parts.map(planned),
  }
}

interface Part {
  pack: ChosenPack
  own: Detection | undefined
}

function ownDetection(folder: Folder, { official, reason }: ChosenPack): Detection | undefined {
  if (!official) return undefined
  for (const detector of official.detectors) {
    const found = detector.detect(folder)
    if (!found) continue
    const why = `${reason} names ${official.name}: Sluice's own detector for it is used`
    return { ...found, reasons: [why, ...found.reasons] }
  }
  const where = folder.root === '' ? 'the source' : `the folder ${folder.root}`
  throw new PlanError(
    'PackNotDetected',
    `${reason} names the buildpack ${official.name}, which does not recognise ${where}.`,
  )
}

/** Only the build tells what a classic one starts. */
function startOf({ pack, own }: Part): Pick<Detection, 'start' | 'noStart' | 'startWarnings'> {
  if (!own) return { start: { command: '', reason: `bin/release of ${pack.name} says it at the build` } }
  const { start, noStart, startWarnings = [] } = own
  return { start, startWarnings, ...(noStart === undefined ? {} : { noStart }) }
}

const planned = ({ pack, own }: Part): PlannedPack => ({
  name: own?.technology ?? pack.name,
  reason: pack.reason,
  url: pack.url,
  ref: pack.ref,
  pin: null,
  install: own?.install ?? null,
  build: own?.build ?? null,
})
