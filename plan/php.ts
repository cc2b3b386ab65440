import semver from 'semver'
import type { Detector, PlannedCommand } from './detection.ts'
import type { Folder } from './folder.ts'
import { readJsonObject } from './json.ts'
import { valueAt, textAt, tableAt } from './toml.ts'
import { chooseVersion, pinFile, plainVersion, toolVersionsPins } from './version-pins.ts'

/** PHP: Composer projects, Laravel and Symfony, or plain files with an index.php. */
export const php: Detector = {
  technology: 'php',
  detect(folder) {
    const page = folder.first('index.php', 'public/index.php', 'web/index.php')
    const composer = readJsonObject(folder.text('composer.json'))
    if (!folder.has('composer.json') && page === undefined) return undefined
    const packages = Object.keys(tableAt(composer, 'require') ?? {})
    const framework = frameworkOf(packages)
    const installs = packages.some((name) => name.includes('/')) || folder.has('composer.lock')
    const asked = textAt(composer, 'require', 'php')
    const version = chooseVersion(
      { name: 'php', title: 'PHP' },
      [
        ...[...pinFile(folder, '.php-version'), ...toolVersionsPins(folder, 'php')].map((pin) => ({
          ...pin,
          read: plainVersion,
        })),
        ...(asked === undefined
          ? []
          : [{ where: 'require.php of composer.json', text: asked, read: constraintRange }]),
      ],
      'no version is pinned',
    )
    const root = framework?.root ?? (page?.includes('/') ? page.slice(0, page.indexOf('/')) : '')
    return {
      technology: 'php',
      reasons: [
        `${folder.has('composer.json') ? 'composer.json' : page}: a PHP project`,
        ...(framework ? [`${framework.name} is required`] : []),
      ],
      warnings: [
        ...version.warnings,
        ...(installs && !folder.has('composer.lock')
          ? ['There is no composer.lock, so two deployments may get different packages: commit one.']
          : []),
      ],
      startWarnings: [
        'PHP serves by its own server, which is meant for development: with FrankenPHP on the host, set start to ' +
          `frankenphp php-server --listen "$HOST:$PORT"${root === '' ? '' : ` --root ${root}`}.`,
      ],
      install: installs
        ? {
            command: 'composer install --no-dev --optimize-autoloader --no-interaction',
            reason: folder.has('composer.lock') ? 'composer.lock' : 'composer.json',
          }
        : null,
      build: null,
      start:
        page === undefined && framework === undefined
          ? null
          : {
              command: `php -S "$HOST:$PORT"${root === '' ? '' : ` -t ${root}`}`,
              reason: framework ? `${framework.name} serves ${root}/` : `${page} is there`,
            },
      ...(page === undefined && framework === undefined
        ? { noStart: 'there is no index.php at the top, in public or in web' }
        : {}),
      tools: [
        version.tool,
        ...(installs ? [{ name: 'composer', version: null, reason: 'composer.json' }] : []),
      ],
      path: ['vendor/bin'],
      environment: { APP_ENV: framework?.environment ?? 'production', PHP_CLI_SERVER_WORKERS: '4' },
      buildEnvironment: { APP_ENV: framework?.environment ?? 'production', COMPOSER_NO_INTERACTION: '1' },
      suggestions: suggestionsOf(
        folder,
        framework?.name,
        valueAt(composer, 'require', 'doctrine/doctrine-migrations-bundle'),
      ),
    }
  },
}

const frameworks = [
  { name: 'Laravel', package: 'laravel/framework', root: 'public', environment: 'production' },
  { name: 'Symfony', package: 'symfony/framework-bundle', root: 'public', environment: 'prod' },
] as const

const frameworkOf = (packages: string[]) => frameworks.find((one) => packages.includes(one.package))

function suggestionsOf(folder: Folder, framework: string | undefined, doctrine: unknown): PlannedCommand[] {
  if (framework === 'Laravel' && folder.has('artisan'))
    return [
      { command: 'php artisan migrate --force', reason: 'Laravel; for hooks.migrate' },
      // Not in the build: config:cache freezes the values of variables.
      { command: 'php artisan config:cache && php artisan route:cache', reason: 'Laravel; for hooks.reload' },
    ]
  if (doctrine !== undefined)
    return [
      {
        command: 'php bin/console doctrine:migrations:migrate --no-interaction',
        reason: 'Doctrine migrations are required; for hooks.migrate',
      },
    ]
  return []
}

/** Composer joins conditions with a comma or a space, and alternatives with `|` too. */
function constraintRange(text: string): string | null | undefined {
  const plain = text
    .slice(0, 200)
    .replaceAll(/\s*\|{1,2}\s*/g, ' || ')
    .replaceAll(',', ' ')
    .replaceAll(/@\w+/g, '')
  // `~8.1` is below 9 for Composer, `~8.1.2` below 8.2.
  const range = plain.replaceAll(/~(\d{1,4})\.(\d{1,4})(?![.\d])/g, '^$1.$2')
  return plain.trim() === '*' ? null : (semver.validRange(range) ?? undefined)
}
