#!/usr/bin/env node
// The launcher: installs what is missing, then hands over to the command line on Node 24.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import path from 'node:path'
import { ensurePackages, node24, projectRoot } from './bootstrap.js'

ensurePackages()
const entry = path.join(projectRoot, 'cli', 'main.ts')
const node = node24()
if (node === process.execPath) {
  await import(entry)
} else {
  const child = spawn(node, [entry, ...process.argv.slice(2)], { stdio: 'inherit' })
  // The terminal sends Ctrl-C to both; a kill reaches only this process, so it is passed on.
  process.on('SIGINT', () => {})
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
}
