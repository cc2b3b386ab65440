import { readFileSync, writeFileSync } from 'node:fs'

writeFileSync('built.json', JSON.stringify({ version: readFileSync('version.txt', 'utf8').trim() }))
