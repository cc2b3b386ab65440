// The install step of a large Node service: a first deploy, then deploys in which its dependencies are the same, and
// the bare `npm ci` of the same lockfile beside them.
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { repositoryRoot } from '../test/e2e/repository.ts'
import { makeService, finished } from '../test/e2e/service.ts'
import { startSluice } from '../test/e2e/sluice.ts'
import { median } from './figures.ts'

const run = promisify(execFile)

/** Common packages of large services; with what they need they are more than 500. */
const dependencies = {
  '@nestjs/common': '11.0.1',
  '@nestjs/core': '11.0.1',
  '@nestjs/platform-express': '11.0.1',
  eslint: '9.18.0',
  express: '4.21.2',
  jest: '29.7.0',
  lodash: '4.17.21',
  mocha: '11.1.0',
  next: '15.1.6',
  react: '19.0.0',
  'react-dom': '19.0.0',
  rxjs: '7.8.1',
  'reflect-metadata': '0.2.2',
  typescript: '5.7.3',
  webpack: '5.97.1',
  'webpack-dev-server': '5.2.0',
}
const rounds = Number(process.env['ROUNDS'] ?? 5)

const root = repositoryRoot()
const source = await lockedSource(path.join(root.directory, 'lock'))
const packages =
  Object.keys((JSON.parse(source['package-lock.json']) as { packages: object }).packages).length - 1
const sluice = await startSluice({ env: { SLUICE_SOURCE_ROOTS: root.directory } })
let result: object
try {
  const bare = await bareInstalls(path.join(root.directory, 'bare'))
  const service = await makeService(sluice, root.directory, 'large', { fixture: 'empty' })
  service.repository.commit(source)
  const deploy = async (version: number) => {
    service.repository.commit({ 'version.txt': `${version}\n` })
    const deployment = await finished(sluice, (await service.start()).id)
    if (deployment.status !== 'SUCCEEDED') throw new Error(JSON.stringify(deployment.failure))
    const { startedAt, finishedAt } = deployment.steps.find(({ name }) => name === 'install')!
    const lines = (await sluice.ndjson(`/v1/deployments/${deployment.id}/logs`)) as { text?: string }[]
    const said = lines.map(({ text }) => text ?? '').find((text) => text.includes('[sluice] node_modules'))
    return { ms: Date.parse(finishedAt!) - Date.parse(startedAt!), said }
  }
  const first = await deploy(0)
  const later = []
  for (let round = 1; round <= rounds; round++) later.push(await deploy(round))
  const times = later.map(({ ms }) => ms)
  result = {
    machine: { cpus: os.cpus().length, model: os.cpus()[0]?.model, node: process.version },
    packages,
    npmCiMs: bare,
    firstInstallMs: first.ms,
    firstSaid: first.said,
    laterInstallMs: { median: median(times), worst: Math.max(...times), rounds },
    laterSaid: later[0]?.said,
  }
} finally {
  await sluice.stop()
  root.remove()
}
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
const folder = path.join(import.meta.dirname, 'results')
mkdirSync(folder, { recursive: true })
writeFileSync(path.join(folder, 'second-install.json'), `${JSON.stringify(result, null, 2)}\n`)
process.exit(0)

/** Manifest, lockfile as npm writes it today, and a server that needs none of it. */
async function lockedSource(at: string) {
  mkdirSync(at)
  const manifest = { name: 'large', private: true, scripts: { start: 'node server.js' }, dependencies }
  writeFileSync(path.join(at, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  await npm(['install', '--package-lock-only'], at)
  const server = `require('node:http').createServer((q, r) => r.end('ok')).listen(process.env.PORT)\n`
  return {
    'package.json': readFileSync(path.join(at, 'package.json'), 'utf8'),
    'package-lock.json': readFileSync(path.join(at, 'package-lock.json'), 'utf8'),
    'server.js': server,
  }
}

/** Milliseconds of `npm ci`, with an empty cache and then with a full one. */
async function bareInstalls(at: string): Promise<{ emptyCache: number; fullCache: number }> {
  mkdirSync(at)
  for (const name of ['package.json', 'package-lock.json'] as const)
    writeFileSync(path.join(at, name), source[name])
  const took = []
  for (let time = 0; time < 2; time++) {
    rmSync(path.join(at, 'node_modules'), { recursive: true, force: true })
    const began = performance.now()
    await npm(['ci', '--prefer-offline', '--cache', path.join(root.directory, 'npm-cache')], at)
    took.push(Math.round(performance.now() - began))
  }
  return { emptyCache: took[0]!, fullCache: took[1]! }
}

function npm(words: string[], cwd: string) {
  const quiet = ['--no-audit', '--no-fund', '--silent']
  return run('npm', [...words, ...quiet], { cwd, maxBuffer: 64 * 1024 ** 2 })
}
