import { deno } from './deno.ts'
import type { Detection, Detector } from './detection.ts'
import { elixir } from './elixir.ts'
import type { Folder } from './folder.ts'
import { go } from './go.ts'
import { gradle } from './java/gradle.ts'
import { maven } from './java/maven.ts'
import { archive } from './java/war.ts'
import { node } from './node.ts'
import { readPackageJson } from './node/package-json.ts'
import { withAssets } from './packs.ts'
import { php } from './php.ts'
import { python } from './python.ts'
import { ruby } from './ruby.ts'
import { rust } from './rust.ts'
import { staticSite } from './static.ts'

/**
 * The first that recognises the folder decides. Order matters: a Gemfile, mix.exs, go.mod, Cargo.toml or pom.xml is
 * there for the service itself, while a requirements.txt often lies beside one for a script or the documentation, an
 * index.php may be a single page, and a jar may be anything. Deno comes first because its projects may carry a
 * package.json for tools that do not know Deno.
 */
export const backEnds: readonly Detector[] = [
  deno,
  ruby,
  elixir,
  go,
  rust,
  maven,
  gradle,
  python,
  php,
  archive,
]

/** Undefined when no technology is recognised. Plain files count only where nothing has to be built or run. */
export function detect(folder: Folder): Detection | undefined {
  const found = backEnds.flatMap((one) => {
    const detection = one.detect(folder)
    return detection ? [detection] : []
  })
  const assets = node.detect(folder)
  const backEnd = chooseBackEnd(found)
  if (!backEnd) return assets ?? staticSite.detect(folder)
  if (!assets) return backEnd
  return beside(folder, backEnd, assets)
}

/** One that can be started comes before one that was recognised only. */
function chooseBackEnd(found: readonly Detection[]): Detection | undefined {
  const chosen = found.find(({ start }) => start !== null) ?? found[0]
  const others = found.filter((one) => one !== chosen)
  if (!chosen || others.length === 0) return chosen
  const warning = `The source looks like ${[chosen, ...others].map(({ technology }) => technology).join(' and like ')}: ${chosen.technology} is used. Set root, or start, to choose.`
  return { ...chosen, warnings: [warning, ...chosen.warnings] }
}

function beside(folder: Folder, backEnd: Detection, assets: Detection): Detection {
  const scripts = readPackageJson(folder)!.scripts
  const name = backEnd.technology
  const nodeDecides = (why: string) => ({
    ...assets,
    warnings: [
      `The source looks like node and like ${name}: node is used, since ${why}. Set start to choose.`,
      ...assets.warnings,
    ],
  })
  if (!backEnd.start && assets.start) return nodeDecides(`nothing says how to start ${name}`)
  if (scripts.has('build')) return withAssets(backEnd, assets)
  if (scripts.has('start')) return nodeDecides('package.json has a start script and no build script')
  return {
    ...backEnd,
    reasons: [...backEnd.reasons, 'package.json has neither a build nor a start script: Node is not used'],
  }
}
