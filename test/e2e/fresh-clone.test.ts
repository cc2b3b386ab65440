import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { request } from 'undici'
import { expect, test } from 'vitest'
import { isThorough } from '../faults/points.ts'
import { freePorts } from '../free-ports.ts'

const project = path.join(import.meta.dirname, '..', '..')
const isRoot = process.getuid?.() === 0

/** Has no home, no cache and no rights. */
const stranger = isRoot ? Number(execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' })) : undefined

/** What a newcomer does, with nothing installed by hand: an empty npm cache, no Temporal, no PostgreSQL on the PATH. */
// All other tests run as whoever runs them, which in CI is root: that leaves the ordinary user for each run.
test.each(isRoot && isThorough ? ['root', 'an ordinary user'] : ['an ordinary user'])(
  'a fresh clone: `npm start` as %s ends with a URL that answers',
  { timeout: 300_000 },
  async (who) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-clone-'))
    const uid = who === 'root' ? undefined : stranger
    const clone = path.join(folder, 'sluice')
    const home = path.join(folder, 'home')
    copyTrackedFiles(clone)
    mkdirSync(home)
    execFileSync('chmod', ['-R', 'a+rX', folder])
    if (uid !== undefined) execFileSync('chown', ['-R', `${uid}:${uid}`, folder])
    const ports = await freePorts(5)
    const environment = {
      PATH: pathWithout(folder, ['temporal', 'postgres', 'uv'], uid !== undefined),
      HOME: home,
      npm_config_cache: path.join(folder, 'npm-cache'),
      SLUICE_HOME: path.join(folder, 's'),
      ...Object.fromEntries(
        ['API', 'ROUTER', 'TEMPORAL', 'TEMPORAL_UI', 'POSTGRES'].map((name, at) => [
          `SLUICE_${name}_PORT`,
          String(ports[at]),
        ]),
      ),
    }
    const identity = uid === undefined ? {} : { uid, gid: uid }
    const start = spawn('npm', ['start'], { cwd: clone, env: environment, ...identity, detached: true })
    let output = ''
    for (const stream of [start.stdout, start.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    try {
      const url = await new Promise<string>((resolve, reject) => {
        start.once('exit', (code) => reject(new Error(`npm start ended with ${code}: ${output}`)))
        start.stdout.on('data', () => {
          const live = /is live at (http:\S+)/.exec(output)?.[1]
          if (live) resolve(live)
        })
      })
      const { host } = new URL(url)
      const answer = await request(`http://127.0.0.1:${ports[1]}/`, { headers: { host } })
      expect(answer.statusCode).toBe(200)
      expect(await answer.body.text()).toMatch(/hello/)
    } finally {
      execFileSync('node', ['bin/sluice.js', 'down'], { cwd: clone, env: environment, ...identity })
      rmSync(folder, { recursive: true, force: true })
    }
    expect(processesIn(folder)).toEqual([])
  },
)

/** As git has them, with the changes of the working tree: what a clone of the next commit would hold. */
function copyTrackedFiles(to: string): void {
  mkdirSync(to)
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: project,
  })
  const archive = execFileSync('tar', ['-c', '--null', '-T', '-', '--ignore-failed-read'], {
    cwd: project,
    input: files,
    maxBuffer: 1e9,
  })
  execFileSync('tar', ['-x', '-C', to], { input: archive })
}

/** A folder with links to all programs of the PATH but some; a stranger cannot reach those in our own home. */
function pathWithout(folder: string, hidden: string[], asStranger: boolean): string {
  const bin = path.join(folder, 'bin')
  mkdirSync(bin)
  const linked = new Set(hidden)
  for (const directory of (process.env['PATH'] ?? '').split(':')) {
    if (directory.includes('node_modules') || (asStranger && directory.startsWith(os.homedir()))) continue
    for (const name of entriesOf(directory)) {
      if (linked.has(name)) continue
      linked.add(name)
      symlinkSync(path.join(directory, name), path.join(bin, name))
    }
  }
  return bin
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function processesIn(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(folder)
      } catch {
        return false
      }
    })
}
