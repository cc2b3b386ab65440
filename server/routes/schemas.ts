import { Hono } from 'hono'
import { configJsonSchema } from '../../contract/config-json-schema.ts'
import type { AppEnv } from '../deps.ts'

/** JSON Schema of `sluice.yaml`: an editor given this address completes and checks the file. */
export const schemaRoutes = () => {
  const schema = JSON.stringify(configJsonSchema(), null, 2)
  return new Hono<AppEnv>().get('/schemas/sluice-yaml.json', (c) =>
    c.body(schema, 200, { 'Content-Type': 'application/schema+json; charset=utf-8' }),
  )
}
