// A real migration: one row for each run, in a real database.
import { readFileSync } from 'node:fs'
import pg from 'pg'

const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
await client.query('create table if not exists migrations (version text not null)')
await client.query('insert into migrations values ($1)', [readFileSync('version.txt', 'utf8').trim()])
await client.end()
