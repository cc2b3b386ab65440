import { z } from '@hono/zod-openapi'
import { limitsSchema } from './limits-schema.ts'

/** What a detector sees: the paths of a tree, and the text of the few files that detectors read. */
export interface FileTree {
  /** Every file, relative, with forward slashes, sorted. Folders are implied. */
  paths: readonly string[]
  /** Text of those among `paths` for which `isDetectionFile` holds. */
  files: Readonly<Record<string, string>>
}

export const commandSchema = z
  .object({
    command: z.string().describe('Run by `sh -c` in the release folder as the service user'),
    reason: z.string().describe('Why this command was chosen'),
  })
  .openapi('PlannedCommand')

/** Plans that were stored before have neither of the two. */
const migrationSchema = commandSchema
  .extend({
    repeatable: z.boolean().optional().describe('A lost result is run again'),
    check: z.string().optional().describe('Says after a lost result whether it took effect'),
  })
  .openapi('PlannedMigration')
const toolSchema = z
  .object({
    name: z.string(),
    version: z.string().nullable().describe('Semver range, or the name of a channel such as nightly'),
    reason: z.string(),
    fetch: z
      .object({ registry: z.enum(['npm', 'pypi']), package: z.string(), version: z.string() })
      .optional()
      .describe('Where it comes from when the host has none that fits'),
  })
  .openapi('PlannedTool')

const packSchema = z
  .object({
    name: z
      .string()
      .describe('Its url without credentials, or the technology where it is one of Sluice itself'),
    reason: z.string(),
    url: z.string().nullable().describe('Null for one of Sluice itself'),
    ref: z.string().nullable().describe('Branch, tag or commit asked for; null for the default branch'),
    pin: z
      .string()
      .nullable()
      .describe('What the release is built with: the commit, or `sha256:` of an archive or a folder'),
    install: z.union([commandSchema, z.null()]).describe('Of one of Sluice itself'),
    build: z.union([commandSchema, z.null()]).describe('Of one of Sluice itself'),
  })
  .openapi('PlannedBuildpack')
export type PlannedPack = z.infer<typeof packSchema>

const treeSchema = z
  .object({
    folders: z
      .array(z.string())
      .describe('Folders that the install command fills, from the top of the source'),
    inputs: z.array(z.string()).describe('Files of the source that decide what it puts there'),
    patched: z.boolean().describe('Files of dependencies are changed in place: always copied, never linked'),
  })
  .openapi('PlannedTree')
export type PlannedTree = z.infer<typeof treeSchema>

const cronSchema = z
  .object({
    name: z.string(),
    schedule: z.string().describe('Five fields, or a word such as @daily'),
    timeZone: z.string().optional().describe('UTC when absent'),
    command: z.string(),
    reason: z.string(),
  })
  .openapi('PlannedCron')

export const planSchema = z
  .object({
    technology: z.string().describe('For example node, static, procfile'),
    reasons: z.array(z.string()).describe('What in the tree led to each choice'),
    warnings: z.array(z.string()),
    root: z.string().describe('Folder of the tree that is the service; empty for the top'),
    install: z.union([commandSchema, z.null()]),
    tree: treeSchema
      .optional()
      .describe('What is restored in place of the install command while nothing that decides it has changed'),
    build: z.union([commandSchema, z.null()]),
    start: commandSchema,
    migrate: z
      .union([migrationSchema, z.null()])
      .describe('The hook that runs once per deployment before the switch'),
    migrateTimeoutMs: z.number().int(),
    reload: z
      .union([commandSchema, z.null()])
      .describe('Run after the migration, for caches that freeze settings'),
    healthPath: z.string().nullable(),
    bootTimeoutMs: z.number().int(),
    drainMs: z.number().int(),
    soakMs: z
      .number()
      .int()
      .nullable()
      .describe('How long the release is watched after the switch; null for what the host does by default'),
    buildTimeoutMs: z.number().int(),
    processes: z
      .record(z.string(), commandSchema)
      .describe('Every kind of process by its name; web is start, the others run beside it'),
    cron: z.array(cronSchema).describe('Commands that are run at certain times'),
    tools: z.array(toolSchema).describe('Programs that must be on the host, with the semver range asked for'),
    path: z.array(z.string()).describe('Folders of the service that come first on its PATH'),
    environment: z.record(z.string(), z.string()).describe('Variables that the technology wants at run time'),
    requires: z
      .array(z.string())
      .optional()
      .describe('Variables that must be set; absent when none is named'),
    buildEnvironment: z.record(z.string(), z.string()).describe('Variables for install and build'),
    limits: limitsSchema.optional().describe('Of the service; absent in plans of older releases'),
    buildLimits: limitsSchema.optional().describe('Of install, build and hooks'),
    packs: z
      .array(packSchema)
      .optional()
      .describe(
        'Buildpacks that build instead of `build`, in this order. Their last bin/release says how to start what nothing else says how to start: until the build has run, that command is empty',
      ),
    suggestions: z.array(commandSchema).describe('Hooks that look useful but are never run unasked'),
  })
  .openapi('Plan')
export type Plan = z.infer<typeof planSchema>

/** A tree that cannot be planned: the code is one of `failureCodes`. */
export class PlanError extends Error {
  override name = 'PlanError'
  readonly code: 'NoPlan' | 'ConfigInvalid' | 'PackNotDetected'
  readonly details: { pointer: string; message: string }[]
  constructor(
    code: PlanError['code'],
    message: string,
    details: { pointer: string; message: string }[] = [],
  ) {
    super(message)
    this.code = code
    this.details = details
  }
}
