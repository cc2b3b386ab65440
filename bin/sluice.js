#!/usr/bin/env node
// The launcher: installs what is missing, then hands over to the command line on Node 24.
import { spawn } from 'node:child_process'
import module from 'node:module'
import { constants } from 'node:os'
import path from 'node:path'
import { ensurePackages, node24, projectRoot } from './bootstrap.js'

ensurePackages()
const entry = path.join(projectRoot, 'cli', 'main.ts')
// Not the default in the temporary folder, which other users could fill.
const compileCache =
  process.env.NODE_COMPILE_CACHE ?? path.join(projectRoot, 'node_modules', '.cache', 'node')
const node = node24()
if (node === process.execPath) {
  module.enableCompileCache(compileCache)
  await import(entry)
} else {
  // The channel tells the child when this process is killed in a way that it cannot pass on.
  const child = spawn(node, [entry, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
  })
  // The terminal sends Ctrl-C to both; a kill reaches only this process, so it is passed on.
  process.on('SIGINT', () => {})
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
}
