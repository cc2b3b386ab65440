import { createRequire } from 'node:module'
import type { Client, Pool } from 'undici'

// The whole of undici takes 120 ms longer to load, which would be added to every restart of the router.
const require = createRequire(import.meta.url)
const PoolClass = require('undici/lib/dispatcher/pool.js') as typeof Pool
const ClientClass = require('undici/lib/dispatcher/client.js') as typeof Client

export const createPool = (origin: string, options: Pool.Options): Pool => new PoolClass(origin, options)
export const createClient = (origin: string, options: Client.Options): Client =>
  new ClientClass(origin, options)
