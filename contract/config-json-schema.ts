import { z } from '@hono/zod-openapi'
import { configSchema } from './config.ts'

/** JSON Schema of `sluice.yaml`, for editors: what may be written, before durations become milliseconds. */
export function configJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(configSchema, { io: 'input', target: 'draft-2020-12' }),
    $id: 'urn:sluice:config',
    title: 'sluice.yaml',
  }
}
