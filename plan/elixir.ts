import type { Detector } from './detection.ts'
import { chooseVersion, pessimisticRange, pinFile, plainVersion, toolVersionsPins } from './version-pins.ts'

/** Elixir with Mix, as a release. */
export const elixir: Detector = {
  technology: 'elixir',
  detect(folder) {
    const text = folder.text('mix.exs')?.slice(0, 256 * 1024)
    if (text === undefined) return undefined
    const app = /\bapp:\s{0,9}:([a-z][a-z0-9_]{0,60})/.exec(text)?.[1]
    const phoenix = /\{:phoenix,/.test(text)
    const asked = /\belixir:\s{0,9}"([^"]{1,60})"/.exec(text)?.[1]
    const version = chooseVersion(
      { name: 'elixir', title: 'Elixir' },
      [
        ...[...pinFile(folder, '.elixir-version'), ...toolVersionsPins(folder, 'elixir')].map((pin) => ({
          ...pin,
          read: plainVersion,
        })),
        ...(asked === undefined ? [] : [{ where: 'mix.exs', text: asked, read: pessimisticRange }]),
      ],
      'mix.exs; no version is pinned',
    )
    const program = `_build/prod/rel/${app}/bin/${app}`
    const assets = text.includes('assets.deploy') ? ['mix assets.deploy'] : []
    const environment = { MIX_ENV: 'prod', ...(phoenix ? { PHX_SERVER: 'true' } : {}) }
    return {
      technology: 'elixir',
      reasons: ['mix.exs: an Elixir project', ...(phoenix ? ['Phoenix is a dependency'] : [])],
      warnings: [
        ...version.warnings,
        ...(folder.has('mix.lock') || !text.includes('{:')
          ? []
          : ['There is no mix.lock, so two deployments may get different packages: commit one.']),
      ],
      install: {
        command:
          'mix local.hex --force --if-missing && mix local.rebar --force --if-missing && mix deps.get --only prod',
        reason: 'mix.exs',
      },
      build: {
        command: ['mix compile', ...assets, 'mix release --overwrite'].join(' && '),
        reason: 'mix.exs',
      },
      start:
        app === undefined
          ? null
          : { command: `${program} start`, reason: 'the release that the build makes' },
      ...(app === undefined ? { noStart: 'mix.exs names no app:' } : {}),
      tools: [version.tool],
      path: [],
      environment,
      buildEnvironment: environment,
      suggestions:
        app !== undefined && folder.has('rel/overlays/bin/migrate')
          ? [
              {
                command: `_build/prod/rel/${app}/bin/migrate`,
                reason: 'rel/overlays/bin/migrate; for hooks.migrate',
              },
            ]
          : [],
    }
  },
}
