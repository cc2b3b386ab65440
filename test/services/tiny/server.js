// The smallest service that can be told apart by version.
import { readFileSync } from 'node:fs'
import http from 'node:http'

const version = readFileSync('version.txt', 'utf8').trim()
const server = http.createServer((request, response) => {
  if (request.url === '/env') return response.end(JSON.stringify(process.env))
  response.end(version)
})
server.listen(Number(process.env.PORT), '127.0.0.1')
process.on('SIGTERM', () => server.close(() => process.exit(0)))
