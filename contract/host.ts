import { z } from '@hono/zod-openapi'

const pollerSchema = z
  .object({
    identity: z.string().describe('Process and machine, with the versions of Sluice and Node'),
    lastSeen: z.iso.datetime(),
  })
  .openapi('Poller')

export const taskQueueSchema = z
  .object({
    name: z.string(),
    carries: z.enum(['workflows', 'activities']),
    pollers: z
      .union([z.array(pollerSchema), z.null()])
      .describe('Who asked for work in the last minutes; null while Temporal does not answer'),
  })
  .openapi('TaskQueue')
export type TaskQueue = z.infer<typeof taskQueueSchema>

export const diskSchema = z
  .object({
    holds: z.string().describe('The first folder of the home that is on it'),
    freeBytes: z.number(),
    totalBytes: z.number(),
    isLow: z.boolean().describe('A deployment would be refused'),
  })
  .openapi('Disk')
export type Disk = z.infer<typeof diskSchema>

export const routerSchema = z
  .object({
    pid: z.number().int(),
    port: z.number().int(),
    routes: z.number().int(),
    uptimeSeconds: z.number(),
  })
  .openapi('Router')

export const hostSchema = z
  .object({
    name: z.string(),
    environments: z.number().int().describe('How many are deployed there'),
    queues: z.array(taskQueueSchema).describe('What its agent takes its work from'),
    here: z
      .union([
        z.object({
          sluice: z.string().describe('Version'),
          node: z.string().describe('Version'),
          disks: z.array(diskSchema),
          router: z.union([routerSchema, z.null()]).describe('null while it does not answer'),
        }),
        z.null(),
      ])
      .describe('Of the machine that this API runs on; null for others'),
  })
  .openapi('Host')
export type Host = z.infer<typeof hostSchema>

export const hostsSchema = z
  .object({
    data: z.array(hostSchema),
    control: z.array(taskQueueSchema).describe('What the worker takes its work from'),
    temporal: z.string().nullable().describe('Version of the server; null while it does not answer'),
  })
  .openapi('Hosts')
export type Hosts = z.infer<typeof hostsSchema>
