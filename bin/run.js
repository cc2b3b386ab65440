#!/usr/bin/env node
// Runs a tool from node_modules on Node 24: `node bin/run.js vitest run`, `node bin/run.js node bench/main.ts`.
// With --all it runs several npm scripts in turn and fails if any failed.
import { spawn, spawnSync } from 'node:child_process'
import { constants } from 'node:os'
import path from 'node:path'
import { ensurePackages, node24, projectRoot } from './bootstrap.js'

const scripts = {
  vitest: 'vitest/vitest.mjs',
  tsc: 'typescript/bin/tsc',
  oxlint: 'oxlint/bin/oxlint',
  oxfmt: 'oxfmt/bin/oxfmt',
  knip: 'knip/bin/knip.js',
}

ensurePackages()
const node = node24()
const [tool, ...rest] = process.argv.slice(2)

if (tool === '--all') {
  const failed = rest.filter(
    (name) =>
      spawnSync('npm', ['run', '--silent', name], { cwd: projectRoot, stdio: 'inherit' }).status !== 0,
  )
  if (failed.length > 0) process.stderr.write(`failed: ${failed.join(', ')}\n`)
  process.exit(failed.length > 0 ? 1 : 0)
}

const args = tool === 'node' ? rest : [path.join(projectRoot, 'node_modules', scripts[tool]), ...rest]
// Tools that these tools start must find Node 24 first as well.
const env = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}` }
const child = spawn(node, args, { stdio: 'inherit', env })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
