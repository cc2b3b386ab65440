import type { Detector } from '../detection.ts'
import { deno } from '../deno.ts'
import { elixir } from '../elixir.ts'
import { go } from '../go.ts'
import { gradle } from '../java/gradle.ts'
import { maven } from '../java/maven.ts'
import { archive } from '../java/war.ts'
import { node } from '../node.ts'
import { php } from '../php.ts'
import { python } from '../python.ts'
import { ruby } from '../ruby.ts'
import { rust } from '../rust.ts'
import { staticSite } from '../static.ts'

/** The names of Heroku's and Scalingo's own buildpacks, and what takes their place here; the first that detects counts. */
const byName: ReadonlyMap<string, readonly Detector[]> = new Map([
  ['nodejs', [node]],
  ['node', [node]],
  ['python', [python]],
  ['go', [go]],
  ['php', [php]],
  ['ruby', [ruby]],
  ['java', [maven, gradle]],
  ['gradle', [gradle]],
  ['java-jar', [archive]],
  ['java-war', [archive]],
  ['elixir', [elixir]],
  ['rust', [rust]],
  ['deno', [deno]],
  ['static', [staticSite]],
])

/** Reads `.buildpacks`, which is done anyway. */
const several = new Set(['multi', 'multi-buildpack'])

export type Official = { name: string; detectors: readonly Detector[] } | 'multi'

/** Undefined when Sluice has none of this name. */
export function officialNamed(given: string): Official | undefined {
  const name = given
    .toLowerCase()
    .replace(/^urn:buildpack:/, '')
    .replace(/^(?:heroku|scalingo)\//, '')
    .replace(/-buildpack$/, '')
  if (several.has(name)) return 'multi'
  const detectors = byName.get(name)
  return detectors && { name, detectors }
}

/** What stands for `https://github.com/Scalingo/nodejs-buildpack` or `…/heroku/heroku-buildpack-nodejs`. */
export function officialAt(url: string): Official | undefined {
  const match =
    /^(?:https:\/\/github\.com\/|git@github\.com:)(?:Scalingo\/([a-z-]{1,40})-buildpack|heroku\/heroku-buildpack-([a-z-]{1,40}))(?:\.git)?\/?$/i.exec(
      url,
    )
  return match ? officialNamed(match[1] ?? match[2]!) : undefined
}

export const officialNames = (): string => [...byName.keys(), 'multi'].join(', ')
