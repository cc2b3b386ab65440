import { execFile } from 'node:child_process'
import { mkdir, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A program that somebody else has written and published, as its registry gives it out. */
export interface Published {
  id: string
  /** Programs that fetch and run it. */
  needs: string[]
  /** Fetches it with the registry's own client into an empty folder, and answers the file. */
  fetch(folder: string): Promise<string>
  /** What `sluice.yaml` would say, which is not inside. */
  config?: Record<string, unknown>
  variables?: Record<string, string>
  /** Path that is asked, and what its answer holds. */
  asks: string
  answers: RegExp
  /** Slow to fetch or to build. */
  slow?: boolean
}

const quiet = (program: string, args: string[], cwd: string) =>
  run(program, args, { cwd, timeout: 240_000, maxBuffer: 64 * 1024 ** 2 })

async function onlyFile(folder: string, ending: RegExp): Promise<string> {
  const names = (await readdir(folder)).filter((name) => ending.test(name))
  if (names.length !== 1) throw new Error(`found ${names.join(', ') || 'nothing'}`)
  return path.join(folder, names[0]!)
}

const fromMaven = (artifact: string, file: RegExp) => async (folder: string) => {
  await quiet(
    'mvn',
    ['-B', '-q', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`],
    folder,
  )
  return onlyFile(folder, file)
}

/** cargo keeps what it fetches under the name of its registry's index. */
const fromCrates = (crate: string, version: string) => async (folder: string) => {
  await quiet('cargo', ['info', '--quiet', `${crate}@${version}`], folder)
  const kept = path.join(process.env['CARGO_HOME'] ?? path.join(os.homedir(), '.cargo'), 'registry/cache')
  const file = `${crate}-${version}.crate`
  for (const index of await readdir(kept))
    if ((await readdir(path.join(kept, index))).includes(file)) return path.join(kept, index, file)
  throw new Error(`cargo did not keep ${file}`)
}

export const published: Published[] = [
  {
    id: 'npm-package',
    needs: ['npm'],
    async fetch(folder) {
      await quiet('npm', ['pack', '--silent', 'http-server@14.1.1'], folder)
      return onlyFile(folder, /\.tgz$/)
    },
    config: { start: 'node bin/http-server . -p $PORT' },
    asks: '/package.json',
    answers: /"name": "http-server"/,
    slow: true,
  },
  {
    id: 'python-sdist',
    needs: ['python3'],
    async fetch(folder) {
      const options = ['--no-deps', '--no-binary', ':all:', '--disable-pip-version-check']
      await quiet('python3', ['-m', 'pip', 'download', ...options, 'uploadserver==6.0.0'], folder)
      return onlyFile(folder, /\.tar\.gz$/)
    },
    config: { start: 'python3 -m uploadserver $PORT' },
    asks: '/upload',
    answers: /<title>File Upload<\/title>/,
  },
  {
    id: 'go-module',
    needs: ['go'],
    slow: true,
    async fetch(folder) {
      const { stdout } = await quiet(
        'go',
        ['mod', 'download', '-json', 'github.com/hashicorp/http-echo@v1.0.0'],
        folder,
      )
      return (JSON.parse(stdout) as { Zip: string }).Zip
    },
    config: { start: 'http-echo -listen=:$PORT -text="from a module of Go"' },
    asks: '/',
    answers: /from a module of Go/,
  },
  {
    id: 'crate',
    needs: ['cargo'],
    slow: true,
    fetch: fromCrates('simple-http-server', '0.8.1'),
    config: { start: 'simple-http-server -p $PORT' },
    // What is compiled fast is enough here.
    variables: { CARGO_PROFILE_RELEASE_OPT_LEVEL: '0', CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16' },
    asks: '/Cargo.toml',
    answers: /name = "simple-http-server"/,
  },
  {
    id: 'executable-jar',
    needs: ['java', 'mvn'],
    slow: true,
    fetch: fromMaven('org.wiremock:wiremock-standalone:3.9.1', /\.jar$/),
    config: { start: 'java -jar app.jar --port $PORT', bootTimeout: '2m' },
    asks: '/__admin/mappings',
    answers: /"mappings"/,
  },
  {
    id: 'war',
    needs: ['java', 'mvn'],
    slow: true,
    fetch: fromMaven('org.jolokia:jolokia-war-unsecured:1.7.2:war', /\.war$/),
    config: { bootTimeout: '2m' },
    asks: '/version',
    answers: /"agentType":"servlet"/,
  },
]

/** Where it lies, or why it could not be fetched. */
export async function fetched(one: Published, root: string): Promise<{ file: string } | { why: string }> {
  for (const program of one.needs) {
    const found = await run('/bin/sh', ['-c', `command -v ${program}`]).catch(() => undefined)
    if (!found) return { why: `${program} is not installed` }
  }
  const folder = path.join(root, `fetched-${one.id}`)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  try {
    return { file: await one.fetch(folder) }
  } catch (error) {
    return { why: `its registry cannot be reached: ${(error as Error).message.slice(0, 200)}` }
  }
}
