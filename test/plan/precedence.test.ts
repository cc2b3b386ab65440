import { describe, expect, test } from 'vitest'
import { PlanError } from '../../contract/plan.ts'
import type { Config } from '../../contract/config.ts'
import { isDetectionFile, plan } from '../../plan/index.ts'
import { treeOf } from './trees.ts'

const planOf = (files: Record<string, string>, config?: Config) => plan(treeOf(files), config)
const pack = (value: unknown) => ({ 'package.json': JSON.stringify(value) })
const node = pack({ scripts: { start: 'node a.js', build: 'tsc' } })

function failure(work: () => unknown): PlanError {
  try {
    work()
  } catch (error) {
    if (error instanceof PlanError) return error
    throw error
  }
  throw new Error('expected a PlanError')
}

describe('precedence', () => {
  const files = {
    ...node,
    Procfile: 'web: from-procfile\nrelease: migrate-procfile\n',
    'sluice.yaml':
      'start: from-file\nhooks: {migrate: migrate-file, reload: reload-file}\nenvironment: {A: file, B: file}\n',
  }

  test('a package manager is asked for only by commands that call it', () => {
    const tools = (sluiceYaml: string) =>
      planOf({ ...node, 'sluice.yaml': sluiceYaml }).tools.map(({ name }) => name)
    const own = 'install: ./get.sh\nbuild: ./make.sh\nstart: exec node server.js\n'
    expect(tools('')).toContain('npm')
    expect(tools(own)).toEqual(['node'])
    expect(tools(`${own}hooks: {migrate: npx migrate}`)).toEqual(['node', 'npm'])
    expect(tools(`${own}hooks: {migrate: {run: ./up.sh, check: npm run check}}`)).toEqual(['node', 'npm'])
    expect(tools('start: exec node server.js')).toContain('npm')
  })

  test('the environment wins over sluice.yaml, key by key', () => {
    const planned = planOf(files, { hooks: { migrate: 'migrate-own' }, environment: { A: 'own' } })
    expect(planned).toMatchObject({
      start: { command: 'from-file' },
      migrate: { command: 'migrate-own', reason: 'hooks.migrate in the configuration of the environment' },
      reload: { command: 'reload-file' },
      environment: { A: 'own', B: 'file', NODE_ENV: 'production' },
    })
  })

  test('sluice.yaml wins over the Procfile, with a warning about the migration', () => {
    const planned = planOf(files)
    expect(planned.start.command).toBe('from-file')
    expect(planned.migrate?.command).toBe('migrate-file')
    expect(planned.warnings.join()).toContain('hooks.migrate')
  })

  test('the Procfile changes start and migrate only', () => {
    const planned = planOf({ ...node, Procfile: files.Procfile })
    expect(planned.start.command).toBe('from-procfile')
    expect(planned.migrate?.command).toBe('migrate-procfile')
    expect(planned.build?.command).toBe('npm run build')
  })

  test('null removes a detected command, and says so', () => {
    const planned = planOf({ ...node, 'sluice.yaml': 'build: null' })
    expect(planned.build).toBeNull()
    expect(planned.reasons).toContain('no build command: build in sluice.yaml says null')
  })

  test('the environment may choose a folder with a sluice.yaml of its own', () => {
    const planned = planOf(
      { 'sluice.yaml': 'start: top', 'a/sluice.yaml': 'start: own', 'a/x': '', 'b/x': '' },
      { root: './a/' },
    )
    expect(planned).toMatchObject({ root: 'a', start: { command: 'own' } })
  })

  test('static from the environment replaces start from the file', () => {
    const planned = planOf(
      { 'sluice.yaml': 'start: node a.js', 'site/index.html': '' },
      { static: { folder: 'site' } },
    )
    expect(planned.start.command).toBe('"$SLUICE_NODE" "$SLUICE_STATIC_SERVER" site')
  })

  test('sluice.yaml comes before sluice.yml', () => {
    const planned = planOf({ 'sluice.yaml': 'start: a', 'sluice.yml': 'start: b' })
    expect(planned.start.command).toBe('a')
    expect(planned.warnings[0]).toContain('sluice.yml both exist')
  })

  test('a root that does not exist is named', () => {
    expect(failure(() => planOf(node, { root: 'nowhere' }))).toMatchObject({
      code: 'ConfigInvalid',
      details: [{ pointer: '/root' }],
    })
  })
})

describe('Procfile', () => {
  test('release and postdeploy are aliases; both are a warning', () => {
    const planned = planOf({ Procfile: 'web: a\nrelease: b\npostdeploy: c\n' })
    expect(planned.migrate?.command).toBe('c')
    expect(planned.warnings.join()).toContain('aliases')
  })

  test('processes of sluice.yaml come beside those of the Procfile, and null takes one away', () => {
    const planned = planOf({
      ...node,
      Procfile: 'web: x\nworker: from the Procfile\nclock: tick\nmail: send\n',
      'sluice.yaml': 'processes: {worker: mine, clock: null, extra: more}',
    })
    expect(Object.keys(planned.processes).toSorted()).toEqual(['extra', 'mail', 'web', 'worker'])
    expect(planned.processes['worker']).toEqual({
      command: 'mine',
      reason: 'processes.worker in sluice.yaml',
    })
    for (const name of ['web', 'release', 'postdeploy', '_x', 'a/b', '.', 'x'.repeat(64)])
      expect(() => planOf({ ...node, 'sluice.yaml': `processes: {"${name}": x}` })).toThrow(PlanError)
  })

  test('names follow the rule; other lines are named and left out', () => {
    const planned = planOf({
      Procfile: `# comment\r\nweb: a\r\nwork er: b\r\n${'x'.repeat(64)}: c\r\n${'y'.repeat(63)}: d\r\n`,
    })
    expect(planned.warnings.filter((one) => one.includes('left out'))).toHaveLength(2)
    expect(Object.keys(planned.processes)).toContain('y'.repeat(63))
  })

  test('a name given twice counts the last time', () => {
    const planned = planOf({ Procfile: 'web: a\nweb: b' })
    expect(planned.start.command).toBe('b')
    expect(planned.warnings.join()).toContain('again')
  })

  test('without web: it does not hide what was detected', () => {
    expect(planOf({ ...node, Procfile: 'worker: x' }).start.command).toBe('npm run start')
    expect(failure(() => planOf({ Procfile: 'worker: x' })).message).toContain('no web: line')
  })

  test('another spelling of the name is a warning', () => {
    expect(planOf({ ...node, procfile: 'web: x' }).warnings[0]).toContain('must be called Procfile')
  })
})

describe('no plan', () => {
  test.each([
    [{}, 'The source is empty'],
    [{ 'README.md': '' }, 'No technology was recognised'],
    [{ 'requirements.txt': 'flask' }, 'python, but nothing says how to start it'],
    [{ 'requirements.txt': 'fastapi', 'main.py': 'app = FastAPI()' }, 'add uvicorn'],
    [{ 'go.mod': 'module a' }, 'no main.go'],
    [{ 'pom.xml': '<project><modules><module>web</module></modules></project>' }, 'modules (web)'],
    [{ 'composer.json': '{}' }, 'no index.php'],
    [{ Gemfile: '' }, 'no config.ru'],
    [{ Dockerfile: 'FROM scratch' }, 'container image'],
    [{ 'apps/web/package.json': '{}' }, 'set root to it: apps/web'],
    [pack({}), 'no start script'],
    [pack({ main: 'gone.js' }), 'gone.js, which does not exist'],
    [pack([]), 'JSON object'],
    [{ 'package.json': '{' }, 'not valid JSON'],
    [pack({ scripts: { build: 'vite build' }, dependencies: { '@sveltejs/kit': '2' } }), 'adapter-node'],
  ])('%j says what is missing', (files, words) => {
    const error = failure(() => planOf(files))
    expect(error.code).toBe('NoPlan')
    expect(error.message).toContain(words)
  })
})

test('isDetectionFile wants manifests at any depth, and nothing of node_modules', () => {
  expect(
    ['package.json', 'a/b/package.json', 'Procfile', 'sluice.yml', 'yarn.lock', 'next.config.ts'].every(
      isDetectionFile,
    ),
  ).toBe(true)
  expect(
    ['index.html', 'node_modules/a/package.json', 'a/node_modules/b/package.json', 'xProcfile'].some(
      isDetectionFile,
    ),
  ).toBe(false)
})
