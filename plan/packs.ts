import type { Detection, PlannedCommand } from './detection.ts'

/**
 * A back end beside a package.json with a build script: Node comes first, since it makes the assets that the back end
 * serves; the back end comes last and decides the start (Scalingo's rule for several buildpacks).
 */
export function withAssets(backEnd: Detection, assets: Detection): Detection {
  return inOrder(assets, backEnd, [
    ...backEnd.reasons,
    `package.json has a build script beside it: Node builds first, ${backEnd.technology} comes last and is started`,
    ...assets.reasons.slice(1),
  ])
}

/** Two technologies of one folder: both install, then both build; the last one decides the rest. */
export function inOrder(first: Detection, last: Detection, reasons: string[]): Detection {
  return {
    technology: last.technology,
    reasons,
    warnings: [...first.warnings, ...last.warnings],
    install: both(first.install, last.install),
    build: both(first.build, last.build),
    start: last.start,
    ...(last.noStart === undefined ? {} : { noStart: last.noStart }),
    startWarnings: last.startWarnings ?? [],
    tools: [...last.tools, ...first.tools],
    path: [...last.path, ...first.path],
    environment: { ...first.environment, ...last.environment },
    buildEnvironment: { ...first.buildEnvironment, ...last.buildEnvironment },
    suggestions: [...last.suggestions, ...first.suggestions],
  }
}

/** In a shell of its own each, so that a `cd` of the first does not lead the second astray. */
function both(first: PlannedCommand | null, second: PlannedCommand | null): PlannedCommand | null {
  if (!first || !second) return first ?? second
  const plain = !first.command.startsWith('cd ')
  return {
    command: `${plain ? first.command : `(${first.command})`} && ${second.command}`,
    reason: `${first.reason}; then ${second.reason}`,
  }
}
