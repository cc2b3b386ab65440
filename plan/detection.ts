import type { Plan, PlannedPack, PlannedTree } from '../contract/plan.ts'
import type { Folder } from './folder.ts'

export type PlannedCommand = Plan['start']
export type Tool = Plan['tools'][number]

/** What one technology makes of a folder, before Procfile and configuration have their say. */
export interface Detection {
  technology: string
  reasons: string[]
  warnings: string[]
  install: PlannedCommand | null
  /** Where `install` depends on nothing but certain files of the source. */
  tree?: PlannedTree
  build: PlannedCommand | null
  /** Null when nothing says how to start it; `noStart` then tells the user why. */
  start: PlannedCommand | null
  noStart?: string
  /** About the choice of `start`: of no interest where the user names another. */
  startWarnings?: string[]
  tools: Tool[]
  /** Folders, relative to the service, that come first on PATH: Procfiles name bare programs. */
  path: string[]
  environment: Record<string, string>
  buildEnvironment: Record<string, string>
  suggestions: PlannedCommand[]
  /** Buildpacks that build instead. */
  packs?: PlannedPack[]
}

export interface Detector {
  technology: string
  /** Undefined when the folder is not of this technology. */
  detect(folder: Folder): Detection | undefined
}

/** Bare for harmless words, in single quotes otherwise. */
export const shellWord = (text: string): string =>
  /^[A-Za-z0-9_./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
