import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { Hono } from 'hono'
import type { AppDeps, AppEnv } from '../deps.ts'
import { openApiDocument } from '../openapi.ts'

const types: Record<string, string> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
}

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Sluice API</title>
    <link rel="icon" href="/docs/favicon-32x32.png">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="api"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`

const startScript = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#api', deepLinking: true, persistAuthorization: false, validatorUrl: null })
`

/** Swagger UI writes style attributes and has its icons as data; scripts come from here alone. */
const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"

/** The API's own document, and a page to read and try it; both work without network. */
export function docsRoutes({ settings }: Pick<AppDeps, 'settings'>, whole: OpenAPIHono<AppEnv>) {
  const assets = path.dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
  let document: string | undefined
  const json = () => (document ??= JSON.stringify(openApiDocument(whole, settings.url)))

  return new Hono<AppEnv>()
    .get('/', (c) => c.redirect('/docs'))
    .get('/openapi.json', (c) => c.body(json(), 200, { 'Content-Type': 'application/json' }))
    .get('/docs', (c) => c.html(page, 200, { 'Content-Security-Policy': policy }))
    .get('/docs/', (c) => c.redirect('/docs', 301))
    .get('/docs/start.js', (c) =>
      c.body(startScript, 200, { 'Content-Type': 'text/javascript; charset=utf-8' }),
    )
    .get('/docs/:file', async (c) => {
      const file = c.req.param('file')
      const type = Object.hasOwn(types, file) ? types[file] : undefined
      if (!type) return c.notFound()
      const content = await readFile(path.join(assets, file))
      return c.body(new Uint8Array(content), 200, { 'Content-Type': type, 'Cache-Control': 'max-age=3600' })
    })
}
