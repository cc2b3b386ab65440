import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { page } from './page.js'

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))
const deployment = process.env.SLUICE_DEPLOYMENT ?? process.env.SLUICE_INSTANCE?.split('/').at(-1) ?? 'none'
const port = Number(process.env.PORT ?? 3000)
const startedAt = Date.now()
const clocks = new Set()

const routes = {
  '/': (response) =>
    send(response, 'text/html; charset=utf-8', page({ version, deployment, port, pid: process.pid })),
  '/healthz': (response) => send(response, 'text/plain', 'ok\n'),
  '/clock': (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    clocks.add(response)
    response.on('close', () => clocks.delete(response))
    tick(response)
  },
}

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  const route = request.method === 'GET' && Object.hasOwn(routes, pathname) ? routes[pathname] : undefined
  if (route) route(response)
  else response.writeHead(404, { 'content-type': 'text/plain' }).end('There is nothing here.\n')
})
server.listen(port, process.env.HOST ?? '127.0.0.1', () => console.log(`hello ${version} listens on ${port}`))

const ticking = setInterval(() => clocks.forEach(tick), 1000)

function tick(response) {
  const uptime = Math.floor((Date.now() - startedAt) / 1000)
  response.write(`data: ${JSON.stringify({ uptime, deployment, version })}\n\n`)
}

function send(response, type, body) {
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
}

process.once('SIGTERM', () => {
  console.log('hello finishes what it has begun')
  clearInterval(ticking)
  for (const clock of clocks) clock.end()
  server.close(() => process.exit(0))
  server.closeIdleConnections()
})
