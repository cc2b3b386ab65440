// Plain JavaScript that any Node from 18 on can run: it brings what everything else stands on.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const projectRoot = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

const modules = path.join(projectRoot, 'node_modules')
const stampFile = path.join(modules, '.sluice-installed')
const require = createRequire(import.meta.url)

/** Installs the npm packages when they are missing or the lockfile has changed since. */
export function ensurePackages() {
  if (isInstalled()) return
  // Two that install at once delete each other's files.
  withLock(path.join(projectRoot, '.sluice-installing'), () => {
    if (!isInstalled()) install()
  })
}

const isInstalled = () => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === lockfileHash()

function install() {
  process.stderr.write('Installing npm packages (only now and after an update) …\n')
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: projectRoot,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (result.status !== 0) {
    process.stderr.write(
      `npm ci failed in ${projectRoot}. See the lines above; it needs npm 10 or newer and the npm registry.\n`,
    )
    process.exitCode = 1
    throw new Error('npm ci failed')
  }
  writeFileSync(stampFile, lockfileHash())
}

/** Runs it while no other process does; a lock whose holder is gone is taken over. */
function withLock(file, run) {
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      if (!isAlive(Number(readFileSync(file, 'utf8').trim() || process.pid))) rmSync(file, { force: true })
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
    }
  }
  try {
    run()
  } finally {
    rmSync(file, { force: true })
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function lockfileHash() {
  const lockfile = readFileSync(path.join(projectRoot, 'package-lock.json'))
  return createHash('sha256').update(lockfile).update(process.platform).update(process.arch).digest('hex')
}

/** Node 24 as an absolute path: this process's own when it is one, else the binary from the registry. */
export function node24() {
  if (Number(process.versions.node.split('.')[0]) === 24) return process.execPath
  for (const name of [
    `node-${process.platform}-${process.arch}`,
    `node-bin-${process.platform}-${process.arch}`,
  ]) {
    try {
      const binary = path.join(path.dirname(require.resolve(`${name}/package.json`)), 'bin', 'node')
      if (existsSync(binary)) return binary
    } catch {
      // Not published for this platform under that name.
    }
  }
  process.stderr.write(
    `Sluice runs on Node 24; this is ${process.version} and the registry has no Node 24 binary for ` +
      `${process.platform}-${process.arch}. Install Node 24 and run the command again.\n`,
  )
  process.exit(1)
}
