import type { Detector } from './detection.ts'
import { readJsonObject } from './json.ts'
import { textAt, tableAt } from './toml.ts'
import { chooseVersion, pinFile, plainVersion, toolVersionsPins } from './version-pins.ts'

/** What is fetched where no version is pinned and the host has none. */
const usual = '2.9.6'

/** Deno: a deno.json, with the cache of its modules in the release. */
export const deno: Detector = {
  technology: 'deno',
  detect(folder) {
    const file = folder.first('deno.json', 'deno.jsonc')
    if (file === undefined) return undefined
    const settings = readJsonObject(folder.text(file))
    const tasks = tableAt(settings, 'tasks') ?? {}
    const has = (name: string) => Object.hasOwn(tasks, name)
    const entry = folder.first('main.ts', 'server.ts', 'mod.ts', 'index.ts', 'main.js', 'server.js')
    const version = chooseVersion(
      { name: 'deno', title: 'Deno' },
      [...pinFile(folder, '.dvmrc'), ...toolVersionsPins(folder, 'deno')].map((pin) => ({
        ...pin,
        read: plainVersion,
      })),
      `${file}; no version is pinned`,
    )
    const locked = folder.has('deno.lock')
    const exact = /^\d+\.\d+\.\d+$/.test(version.tool.version ?? '') ? version.tool.version! : usual
    const imports =
      textAt(settings, 'workspace') !== undefined || tableAt(settings, 'imports') !== undefined || locked
    const environment = { DENO_DIR: '.deno', DENO_NO_UPDATE_CHECK: '1' }
    return {
      technology: 'deno',
      reasons: [`${file}: a Deno project`],
      warnings: version.warnings,
      install: imports
        ? {
            command: `deno install${locked ? ' --frozen' : ''}`,
            reason: locked ? 'deno.lock' : `imports in ${file}`,
          }
        : null,
      build: has('build') ? { command: 'deno task build', reason: `the build task of ${file}` } : null,
      start: has('start')
        ? { command: 'deno task start', reason: `the start task of ${file}` }
        : entry
          ? {
              command: `deno run --allow-net --allow-env --allow-read ${entry}`,
              reason: `${entry}, since ${file} has no start task`,
            }
          : null,
      ...(has('start') || entry
        ? {}
        : { noStart: `${file} has no start task, and there is no main.ts or server.ts` }),
      tools: [{ ...version.tool, fetch: { registry: 'npm', package: 'deno', version: exact } }],
      path: [],
      // Relative: the release keeps its own modules.
      environment,
      buildEnvironment: environment,
      suggestions: [],
    }
  },
}
