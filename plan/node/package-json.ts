import { PlanError } from '../../contract/plan.ts'
import type { Folder } from '../folder.ts'

/** The fields of a package.json that a plan rests on; whatever has another shape is read as absent. */
export interface PackageJson {
  main: string | undefined
  scripts: ReadonlyMap<string, string>
  /** What each name of dependencies, devDependencies and optionalDependencies asks for. */
  dependencies: ReadonlyMap<string, string>
  packageManager: string | undefined
  engines: ReadonlyMap<string, string>
  devEngines: { runtime: EnginePin | undefined; packageManager: EnginePin | undefined }
  voltaNode: string | undefined
  workspaces: boolean
}

export interface EnginePin {
  name: string
  version: string | undefined
  /** npm refuses to run where another manager is asked for, unless this says `warn` or `ignore`. */
  onFail: string | undefined
}

/** @throws PlanError NoPlan when the file is not a JSON object. */
export function readPackageJson(folder: Folder): PackageJson | undefined {
  const text = folder.text('package.json')
  if (text === undefined) return undefined
  const where = folder.root === '' ? 'package.json' : `${folder.root}/package.json`
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new PlanError('NoPlan', `${where} is not valid JSON: ${(error as Error).message.slice(0, 200)}`)
  }
  if (!isObject(value)) throw new PlanError('NoPlan', `${where} must hold a JSON object`)
  const devEngines = isObject(value['devEngines']) ? value['devEngines'] : {}
  const volta = isObject(value['volta']) ? value['volta'] : {}
  return {
    main: textOf(value['main']),
    scripts: texts(value['scripts']),
    dependencies: new Map(
      ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((field) => [
        ...texts(value[field]),
      ]),
    ),
    packageManager: textOf(value['packageManager']),
    engines: texts(value['engines']),
    devEngines: {
      runtime: enginePin(devEngines['runtime']),
      packageManager: enginePin(devEngines['packageManager']),
    },
    voltaNode: textOf(volta['node']),
    workspaces: Array.isArray(value['workspaces']) || isObject(value['workspaces']),
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' && !value.includes('\0') ? value : undefined

function texts(value: unknown): Map<string, string> {
  if (!isObject(value)) return new Map()
  return new Map(
    Object.entries(value).flatMap(([name, text]) => (textOf(text) ? [[name, text as string]] : [])),
  )
}

function enginePin(value: unknown): EnginePin | undefined {
  const one: unknown = Array.isArray(value) ? value[0] : value
  if (!isObject(one) || typeof one['name'] !== 'string') return undefined
  return { name: one['name'], version: textOf(one['version']), onFail: textOf(one['onFail']) }
}
