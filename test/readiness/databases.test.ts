import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { unreachableDatabases } from '../../adapters/readiness/databases/index.ts'
import { startPostgres } from '../postgres.ts'
import type { TestPostgres } from '../postgres.ts'
import { freePort } from '../free-ports.ts'

let postgres: TestPostgres
let port: number
const servers: { server: Server; sockets: Set<Socket> }[] = []

beforeAll(async () => {
  postgres = await startPostgres()
  port = Number(new URL(postgres.url).port)
  const client = new pg.Client({ connectionString: postgres.url })
  await client.connect()
  await client.query(`create user shop password 'pass@wörd/1'`)
  const { rows } = await client.query<{ hba_file: string }>('show hba_file')
  await client.query(`copy (values ('host all shop 127.0.0.1/32 scram-sha-256')) to '${rows[0]!.hba_file}'`)
  await client.query('select pg_reload_conf()')
  await client.end()
})
afterAll(() => postgres?.stop())
afterEach(() => {
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
})

/** A server on a free loopback port that does this with every connection. */
async function serve(talk: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    talk(socket)
  }).listen(0, '127.0.0.1')
  servers.push({ server, sockets })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const messageFor = async (url: string, name = 'DATABASE_URL') =>
  (await unreachableDatabases({ [name]: url }))[0]?.message
const login = encodeURIComponent('pass@wörd/1')

test('a PostgreSQL that takes the login is reachable, in all spellings of its url', async () => {
  const urls = [
    `postgres://shop:${login}@127.0.0.1:${port}/postgres`,
    `postgresql://shop:${login}@127.0.0.1:${port}/postgres?sslmode=prefer&application_name=x`,
    `postgresql+asyncpg://shop:${login}@127.0.0.1:${port}/postgres`,
    `jdbc:postgresql://127.0.0.1:${port}/postgres?user=shop&password=${login}`,
    `postgres://shop:${login}@127.0.0.1:1,127.0.0.1:${port}/postgres`,
    `postgres://127.0.0.1:${port}/postgres`,
  ]
  expect(
    await unreachableDatabases(Object.fromEntries(urls.map((url, index) => [`URL_${index}`, url]))),
  ).toEqual([])
})

test('what PostgreSQL refuses is said without the password', async () => {
  expect(await messageFor(`postgres://shop:wrong-password@127.0.0.1:${port}/postgres`)).toBe(
    'DATABASE_URL: PostgreSQL refuses the password of shop. Correct the user and the password in the url.',
  )
  expect(await messageFor(`postgres://shop@127.0.0.1:${port}/postgres`)).toContain('asks for a password')
  expect(await messageFor(`postgres://shop:${login}@127.0.0.1:${port}/nope`)).toContain(
    'has no database nope',
  )
  expect(await messageFor(`postgres://shop:${login}@127.0.0.1:${port}/postgres?sslmode=require`)).toContain(
    'has no TLS',
  )
  const refused = await messageFor(`postgres://stranger:secret-pw@127.0.0.1:${port}/postgres`)
  expect(refused).toContain('refuses: no pg_hba.conf entry')
  expect(refused).not.toContain('secret-pw')
})

test('a port where nothing listens, and a name that does not resolve, are named', async () => {
  const closed = await freePort()
  expect(await messageFor(`postgres://shop:pw@127.0.0.1:${closed}/shop`)).toBe(
    `DATABASE_URL: nothing listens on 127.0.0.1:${closed}. Start PostgreSQL there, or correct the address.`,
  )
  expect(await messageFor('mysql://shop:pw@db.invalid/shop')).toContain(
    'the name db.invalid does not resolve',
  )
  expect(await messageFor(`postgres://shop:pw@127.0.0.1:${closed},127.0.0.1:1/shop`)).toContain(
    `nothing listens on 127.0.0.1:${closed}; nothing listens on 127.0.0.1:1`,
  )
})

test('another server on the port is not taken for a database', async () => {
  const web = await serve(
    (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'),
  )
  const messages = await unreachableDatabases({
    A: `postgres://shop:pw@127.0.0.1:${web}/shop`,
    B: `mysql://127.0.0.1:${web}/shop`,
    C: `redis://127.0.0.1:${web}`,
    D: `rediss://127.0.0.1:${web}`,
  })
  expect(messages.map(({ variable }) => variable)).toEqual(['A', 'B', 'C', 'D'])
})

test('a MySQL greeting is recognised in pieces, a refusal is shown', async () => {
  const greeting = Buffer.concat([Buffer.of(10), Buffer.from('8.0.36\0'), Buffer.alloc(60)])
  const good = await serve((socket) => {
    socket.write(Buffer.of(greeting.length, 0))
    setTimeout(() => socket.write(Buffer.concat([Buffer.of(0, 0), greeting])), 20)
  })
  expect(await messageFor(`mysql2://127.0.0.1:${good}/shop`)).toBeUndefined()
  const text = Buffer.from(`Host '10.0.0.9' is not allowed to connect\u001b[2J`)
  const bad = await serve((socket) =>
    socket.write(Buffer.concat([Buffer.of(text.length + 3, 0, 0, 0, 0xff, 0x6a, 0x04), text])),
  )
  expect(await messageFor(`mariadb://127.0.0.1:${bad}/shop`)).toMatch(
    /^DATABASE_URL: MariaDB on 127\.0\.0\.1:\d+ refuses: Host '10.0.0.9' is not allowed to connect \[2J\. Allow/,
  )
})

/** As Redis answers; the password is `right`. */
const redis = (users: boolean) =>
  serve((socket) => {
    let allowed = false
    socket.on('data', (data: Buffer) => {
      const words = data
        .toString()
        .split('\r\n')
        .filter((_, index) => index > 0 && index % 2 === 0)
      if (words[0] === 'AUTH' && words.length > 2 && !users)
        return void socket.write('-ERR wrong number of arguments\r\n')
      if (words[0] === 'AUTH') {
        allowed = words.at(-1) === 'right' && (words.length === 2 || words[1] === 'default')
        return void socket.write(allowed ? '+OK\r\n' : '-WRONGPASS invalid username-password pair\r\n')
      }
      return void socket.write(allowed ? '+PONG\r\n' : '-NOAUTH Authentication required.\r\n')
    })
  })

test.each([true, false])('Redis is asked with its password (users: %s)', async (users) => {
  const at = await redis(users)
  expect(await messageFor(`redis://:right@127.0.0.1:${at}/0`)).toBeUndefined()
  expect(await messageFor(`redis://h:right@127.0.0.1:${at}`)).toBeUndefined()
  expect(await messageFor(`redis://127.0.0.1:${at}`)).toContain('Redis asks for a password')
  const wrong = await messageFor(`redis://:wrong-pw@127.0.0.1:${at}`)
  expect(wrong).toContain('Redis refuses the password')
  expect(wrong).not.toContain('wrong-pw')
})

/** Answers an OP_MSG as MongoDB does, in two pieces: `{ok: 1}` and the id of what was asked. */
const mongodb = () =>
  serve((socket) => {
    socket.on('data', (data: Buffer) => {
      expect(data.readInt32LE(0)).toBe(data.length)
      expect(data.readInt32LE(12)).toBe(2013)
      expect(data.readInt32LE(21)).toBe(data.length - 21)
      expect(data.subarray(21).includes('\x10hello\0')).toBe(true)
      const document = Buffer.from('\x11\0\0\0\x01ok\0\0\0\0\0\0\0\xf0\x3f\0', 'latin1')
      const head = Buffer.alloc(21)
      head.writeInt32LE(head.length + document.length, 0)
      head.writeInt32LE(data.readInt32LE(4), 8)
      head.writeInt32LE(2013, 12)
      socket.write(Buffer.concat([head, document.subarray(0, 3)]))
      setTimeout(() => socket.write(document.subarray(3)), 20)
    })
  })

test('MongoDB is greeted, and another server is not taken for it', async () => {
  const at = await mongodb()
  const web = await serve((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  const silent = await serve((socket) => void socket.end())
  expect(
    await unreachableDatabases({
      MONGODB_URI: `mongodb://shop:pw@127.0.0.1:1,127.0.0.1:${at}/shop?replicaSet=rs0`,
      WEB: `mongodb://127.0.0.1:${web}/shop`,
      SILENT: `mongodb://127.0.0.1:${silent}/shop`,
      ENCRYPTED: `mongodb://127.0.0.1:${web}/shop?tls=true`,
    }),
  ).toMatchObject([{ variable: 'WEB' }, { variable: 'SILENT' }, { variable: 'ENCRYPTED' }])
})

test('only variables that name a backing service are looked at', async () => {
  const closed = await freePort()
  const variables = {
    API: `https://127.0.0.1:${closed}/`,
    MONGO: `mongodb://127.0.0.1:${closed}/shop`,
    MONGO_URL: `mongodb+srv://cluster.invalid/shop`,
    TEMPLATE_URL: 'postgres://${USER}:${PASSWORD}@${HOST}/shop',
    TEXT: `see postgres://127.0.0.1:${closed}/shop for more`,
    EMPTY_URL: '',
    BROKER_URL: `amqp://127.0.0.1:${closed}`,
  }
  expect((await unreachableDatabases(variables)).map(({ variable }) => variable)).toEqual([
    'MONGO',
    'BROKER_URL',
  ])
})

test('aborting ends the checks at once', async () => {
  const silent = await serve(() => {})
  const controller = new AbortController()
  const urls = Object.fromEntries(
    ['postgres', 'mysql', 'redis', 'mongodb'].map((scheme) => [
      scheme,
      `${scheme}://u:p@127.0.0.1:${silent}/x`,
    ]),
  )
  const checking = unreachableDatabases(urls, controller.signal)
  setTimeout(() => controller.abort(new Error('canceled')), 50)
  await expect(checking).rejects.toThrow('canceled')
})

test('a server that accepts and stays silent is given 5 seconds', async () => {
  const silent = await serve(() => {})
  expect(await messageFor(`postgres://shop:pw@127.0.0.1:${silent}/shop`)).toContain(
    `127.0.0.1:${silent} did not answer within 5 seconds`,
  )
}, 20_000)
