import type { PlannedCommand } from '../detection.ts'
import type { Folder } from '../folder.ts'
import type { PackageJson } from './package-json.ts'
import type { PackageManager } from './package-manager.ts'

const scriptNames = ['migrate:deploy', 'db:deploy', 'db:migrate', 'migrate']

/** Hooks worth offering. They are never run unasked: only the user knows what they would do to the database. */
export function suggestMigrations(
  folder: Folder,
  manifest: PackageJson,
  manager: PackageManager,
): PlannedCommand[] {
  const script = scriptNames.find((name) => manifest.scripts.has(name))
  if (script)
    return [
      { command: manager.run(script), reason: `package.json has a script ${script}; for hooks.migrate` },
    ]
  const has = (name: string) => manifest.dependencies.has(name)
  const suggestions: PlannedCommand[] = []
  const offer = (program: string, rest: string, reason: string) =>
    suggestions.push({ command: `${manager.exec(program)} ${rest}`, reason: `${reason}; for hooks.migrate` })
  if ((has('prisma') || has('@prisma/client')) && folder.hasFolder('prisma/migrations')) {
    offer('prisma', 'migrate deploy', 'Prisma with migrations in prisma/migrations')
  }
  if (has('knex')) offer('knex', 'migrate:latest', 'knex is a dependency')
  if (has('drizzle-kit')) offer('drizzle-kit', 'migrate', 'drizzle-kit is a dependency')
  if (has('sequelize-cli')) offer('sequelize-cli', 'db:migrate', 'sequelize-cli is a dependency')
  if (has('node-pg-migrate')) offer('node-pg-migrate', 'up', 'node-pg-migrate is a dependency')
  return suggestions
}
