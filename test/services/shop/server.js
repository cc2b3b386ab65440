// What a real service does at once: a database, quick and slow requests, uploads, a WebSocket, an event stream.
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import express from 'express'
import pg from 'pg'
import { WebSocketServer } from 'ws'

const { version } = JSON.parse(readFileSync('built.json', 'utf8'))
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 5 })
const app = express()

app.get('/healthz', async (_, response) => {
  await pool.query('select 1')
  response.send('ok')
})
app.get('/', (_, response) => response.send(version))
app.get('/database', async (_, response) => {
  const { rows } = await pool.query('select version from migrations order by version')
  response.json(rows.map((row) => row.version))
})
app.get('/slow', async (request, response) => {
  await wait(Number(request.query.ms ?? 1000))
  response.send(version)
})
app.get('/events', (request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  const timer = setInterval(() => response.write(`data: ${version}\n\n`), 100)
  const close = () => {
    clearInterval(timer)
    response.end()
  }
  request.on('close', () => clearInterval(timer))
  process.once('SIGTERM', close)
})

const server = app.listen(Number(process.env.PORT))
const sockets = new WebSocketServer({ server, path: '/socket' })
sockets.on('connection', (socket) => socket.on('message', (text) => socket.send(`${version} ${text}`)))

process.once('SIGTERM', () => {
  for (const socket of sockets.clients) socket.close(1001)
  server.close(() => process.exit(0))
})
