import type { Detector, PlannedCommand } from './detection.ts'
import type { Folder } from './folder.ts'
import { chooseVersion, pessimisticRange, pinFile, plainVersion, toolVersionsPins } from './version-pins.ts'

/** Ruby with Bundler: Rails, or whatever config.ru says. */
export const ruby: Detector = {
  technology: 'ruby',
  detect(folder) {
    const text = folder.text('Gemfile')?.slice(0, 256 * 1024)
    if (text === undefined) return undefined
    const locked = folder.has('Gemfile.lock')
    const gems = new Set(
      [...text.matchAll(/^\s{0,20}gem\s?\(?\s?['"]([A-Za-z0-9_-]{1,100})['"]/gm)].map(([, name]) => name!),
    )
    const rails = gems.has('rails') && folder.has('config/application.rb')
    const asked = /^\s{0,20}ruby\s?\(?\s?['"]([^'"]{1,60})['"]/m.exec(text)?.[1]
    const version = chooseVersion(
      { name: 'ruby', title: 'Ruby' },
      [
        ...[...pinFile(folder, '.ruby-version'), ...toolVersionsPins(folder, 'ruby')].map((pin) => ({
          ...pin,
          read: plainVersion,
        })),
        ...(asked === undefined
          ? []
          : [{ where: 'Gemfile', text: asked, read: /^\d/.test(asked) ? plainVersion : pessimisticRange }]),
      ],
      'Gemfile; no version is pinned',
    )
    const start = startOf(folder, gems, rails)
    const assets = rails && ['sprockets-rails', 'propshaft', 'sprockets'].some((name) => gems.has(name))
    const without = { BUNDLE_PATH: 'vendor/bundle', BUNDLE_WITHOUT: 'development:test' }
    const environment = rails
      ? {
          RAILS_ENV: 'production',
          RACK_ENV: 'production',
          RAILS_LOG_TO_STDOUT: '1',
          RAILS_SERVE_STATIC_FILES: '1',
          ...without,
        }
      : { RACK_ENV: 'production', ...without }
    return {
      technology: 'ruby',
      reasons: ['Gemfile: a Ruby project', ...(rails ? ['Rails is in the Gemfile'] : [])],
      warnings: [
        ...version.warnings,
        ...(locked
          ? []
          : ['There is no Gemfile.lock, so two deployments may get different gems: commit one.']),
      ],
      install: { command: 'bundle install', reason: locked ? 'Gemfile.lock' : 'Gemfile' },
      build: assets
        ? { command: 'bundle exec rails assets:precompile', reason: 'Rails with an asset pipeline' }
        : null,
      start,
      ...(start ? {} : { noStart: 'there is no config.ru, and Rails is not in the Gemfile' }),
      tools: [version.tool, { name: 'bundle', version: null, reason: 'Gemfile' }],
      path: ['bin'],
      environment,
      buildEnvironment: {
        ...environment,
        ...(locked ? { BUNDLE_DEPLOYMENT: 'true' } : {}),
        // Assets need no secret, but Rails does not boot without one.
        ...(rails ? { SECRET_KEY_BASE_DUMMY: '1' } : {}),
      },
      suggestions: migrations(folder, rails),
    }
  },
}

function startOf(folder: Folder, gems: ReadonlySet<string>, rails: boolean): PlannedCommand | null {
  if (rails) return { command: 'bundle exec rails server -b "$HOST" -p "$PORT"', reason: 'Rails' }
  if (!folder.has('config.ru')) return null
  return gems.has('puma')
    ? {
        command: 'bundle exec puma -b "tcp://$HOST:$PORT" config.ru',
        reason: 'config.ru; puma is in the Gemfile',
      }
    : { command: 'bundle exec rackup --host "$HOST" --port "$PORT" config.ru', reason: 'config.ru' }
}

function migrations(folder: Folder, rails: boolean): PlannedCommand[] {
  if (!folder.hasFolder('db/migrate')) return []
  return [
    {
      command: `bundle exec ${rails ? 'rails' : 'rake'} db:migrate`,
      reason: 'migrations in db/migrate; for hooks.migrate',
    },
  ]
}
