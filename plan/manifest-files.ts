import { whyNoSchedule } from '../contract/config.ts'
import type { Plan } from '../contract/plan.ts'
import type { PlannedCommand } from './detection.ts'
import type { Folder } from './folder.ts'
import { readJsonObject } from './json.ts'
import { tableAt, textAt, valueAt } from './toml.ts'

/** What the files of other platforms say. They count only where there is no sluice.yaml. */
export interface ManifestFiles {
  environment: Record<string, string>
  migrate: PlannedCommand | undefined
  cron: Plan['cron']
  suggestions: PlannedCommand[]
  warnings: string[]
}

export function readManifestFiles(folder: Folder): ManifestFiles {
  const found: ManifestFiles = {
    environment: {},
    migrate: undefined,
    cron: [],
    suggestions: [],
    warnings: [],
  }
  // Scalingo reads its own file before Heroku's.
  const file = folder.first('scalingo.json', 'app.json')
  const manifest = file === undefined ? undefined : readJsonObject(folder.text(file))
  if (file !== undefined && manifest === undefined)
    found.warnings.push(`${file} is not a JSON object and was not read.`)
  if (file !== undefined && manifest) {
    readEnvironment(file, tableAt(manifest, 'env') ?? {}, found)
    readScripts(file, manifest, found)
  }
  readCron(folder, found)
  return found
}

/** A value is text, or an object with `value`; one that is only required has to be set on the environment. */
function readEnvironment(
  file: string,
  variables: Readonly<Record<string, unknown>>,
  found: ManifestFiles,
): void {
  const missing: string[] = []
  for (const [name, entry] of Object.entries(variables)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,200}$/.test(name) || name === '__proto__') continue
    const value: unknown = typeof entry === 'object' && entry !== null ? valueAt(entry, 'value') : entry
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      if (!String(value).includes('\0')) found.environment[name] = String(value)
    } else if (valueAt(entry, 'required') !== false) missing.push(name)
  }
  if (missing.length > 0)
    found.warnings.push(
      `${file} asks for variables without a value: set ${missing.slice(0, 20).join(', ')} on the environment.`,
    )
}

/** Scalingo runs postdeploy with every deployment; Heroku runs it only once, when an app is made. */
function readScripts(file: string, manifest: Readonly<Record<string, unknown>>, found: ManifestFiles): void {
  const postdeploy = textAt(manifest, 'scripts', 'postdeploy')
  const reason = `scripts.postdeploy in ${file}`
  if (postdeploy !== undefined && file === 'scalingo.json') found.migrate = { command: postdeploy, reason }
  else if (postdeploy !== undefined)
    found.suggestions.push({
      command: postdeploy,
      reason: `${reason}, which runs once when an app is made there; for hooks.migrate`,
    })
  const first = textAt(manifest, 'scripts', 'first-deploy')
  if (first !== undefined)
    found.warnings.push(
      `scripts.first-deploy in ${file} is not run: run it yourself after the first deployment.`,
    )
}

/** `{"jobs": [{"command": "0 3 * * * rake clean"}]}`: the schedule stands before the command. */
function readCron(folder: Folder, found: ManifestFiles): void {
  if (!folder.has('cron.json')) return
  const jobs = valueAt(readJsonObject(folder.text('cron.json')), 'jobs')
  if (!Array.isArray(jobs)) {
    found.warnings.push('cron.json has no list of jobs and was not read.')
    return
  }
  for (const [index, job] of jobs.slice(0, 100).entries()) {
    const match = /^\s{0,9}(@[a-z]{4,10}|\S{1,80}(?:\s{1,9}\S{1,80}){4})\s{1,9}(\S.{0,4000})$/s.exec(
      textAt(job, 'command') ?? '',
    )
    const schedule = match?.[1]?.replaceAll(/\s+/g, ' ')
    if (match && schedule !== undefined && whyNoSchedule(schedule) === undefined)
      found.cron.push({
        name: `job-${index + 1}`,
        schedule,
        command: match[2]!.trim(),
        reason: `job ${index + 1} of cron.json`,
      })
    else
      found.warnings.push(
        `Job ${index + 1} of cron.json is not "minute hour day month weekday command" and was left out.`,
      )
  }
}
