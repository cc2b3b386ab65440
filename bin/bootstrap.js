// Plain JavaScript that any Node from 18 on can run: it brings what everything else stands on.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const projectRoot = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

const modules = path.join(projectRoot, 'node_modules')
const stampFile = path.join(modules, '.sluice-installed')
const require = createRequire(import.meta.url)

/** Installs the npm packages when they are missing or the lockfile has changed since. */
export function ensurePackages() {
  const wanted = lockfileHash()
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return
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
    process.exit(1)
  }
  writeFileSync(stampFile, wanted)
}

function lockfileHash() {
  const lockfile = readFileSync(path.join(projectRoot, 'package-lock.json'))
  return createHash('sha256').update(lockfile).update(process.platform).update(process.arch).digest('hex')
}

/** Node 24 as an absolute path: this process's own when it is one, else the binary from the registry. */
export function node24() {
  if (Number(process.versions.node.split('.')[0]) === 24) return process.execPath
  for (const name of [`node-${process.platform}-${process.arch}`, `node-bin-${process.platform}-${process.arch}`]) {
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
