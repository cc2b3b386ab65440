import { z } from '@hono/zod-openapi'

const exitSchema = z
  .object({
    code: z.number().int().nullable(),
    signal: z.string().nullable(),
    at: z.iso.datetime(),
    limit: z.enum(['memory', 'processes']).nullable().describe('The limit that it met, when that is why'),
  })
  .openapi('ProcessExit')

/** What a host sees of one process of the live release. */
export const observedProcessSchema = z.object({
  name: z.string().describe('web, or the name of a process beside it'),
  state: z
    .enum(['running', 'backingOff', 'stopped', 'gone', 'unknown'])
    .describe(
      'backingOff: it ended and is started again after a pause. unknown: its host has not looked at this release yet',
    ),
  pid: z.number().int().nullable(),
  port: z.number().int().nullable().describe('Of web; the others have none'),
  restarts: z.number().int().describe('How often it has ended and was started again'),
  lastExit: z.union([exitSchema, z.null()]),
  startedAt: z.iso.datetime().nullable(),
})
export type ObservedProcess = z.infer<typeof observedProcessSchema>

export const processSchema = observedProcessSchema
  .extend({
    command: z.string(),
    observedAt: z.iso
      .datetime()
      .nullable()
      .describe('When its host said so last: every few seconds while its agent runs'),
  })
  .openapi('Process')
export type Process = z.infer<typeof processSchema>
