import type { Detection, PlannedCommand } from './detection.ts'

/**
 * A back end beside a package.json with a build script: Node comes first, since it makes the assets that the back end
 * serves; the back end comes last and decides the start (Scalingo's rule for several buildpacks).
 */
export function withAssets(backEnd: Detection, assets: Detection): Detection {
  return {
    technology: backEnd.technology,
    reasons: [
      ...backEnd.reasons,
      `package.json has a build script beside it: Node builds first, ${backEnd.technology} comes last and is started`,
      ...assets.reasons.slice(1),
    ],
    warnings: [...assets.warnings, ...backEnd.warnings],
    install: both(assets.install, backEnd.install),
    build: both(assets.build, backEnd.build),
    start: backEnd.start,
    ...(backEnd.noStart === undefined ? {} : { noStart: backEnd.noStart }),
    startWarnings: backEnd.startWarnings ?? [],
    tools: [...backEnd.tools, ...assets.tools],
    path: [...backEnd.path, ...assets.path],
    environment: { ...assets.environment, ...backEnd.environment },
    buildEnvironment: { ...assets.buildEnvironment, ...backEnd.buildEnvironment },
    suggestions: [...backEnd.suggestions, ...assets.suggestions],
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
