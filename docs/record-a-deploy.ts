// Runs the commands of the guide "A recorded deploy" against a real Sluice and writes down what they printed:
// node bin/run.js node docs/record-a-deploy.ts
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { request } from 'undici'
import { makeRepository, repositoryRoot } from '../test/e2e/repository.ts'
import { startSluice } from '../test/e2e/sluice.ts'

const server = (says: string) => `import http from 'node:http'
http.createServer((_, answer) => answer.end('${says}\\n')).listen(process.env.PORT)
`

const root = repositoryRoot()
const sluice = await startSluice({ env: { SLUICE_SOURCE_ROOTS: root.directory, SLUICE_SOAK: '2' } })
const lines: string[] = []
const repository = makeRepository(root.directory, 'shop')
try {
  const files = { 'version.txt': null, 'step.sh': null, 'package.json': '{"type": "module"}\n' }
  repository.commit(
    { ...files, 'sluice.yaml': 'start: node server.js\n', 'server.js': server('Hello, one') },
    'One',
  )

  await sluiceCommand('service', 'add', 'shop', repository.directory)
  await sluiceCommand('preflight', 'shop')
  await sluiceCommand('deploy', 'shop')
  await visit()
  change('Two', { 'server.js': server('Hello, two') })
  await sluiceCommand('deploy', 'shop')
  await visit()
  change('Three, which does not build', {
    'sluice.yaml': 'build: node --check server.js\nstart: node server.js\n',
    'server.js': 'const = \n',
  })
  await sluiceCommand('deploy', 'shop')
  note('The site never noticed:')
  await visit()
  await sluiceCommand('diff', 'shop.production.1', 'shop.production.2')
  await sluiceCommand('rollback', 'shop')
  await visit()
  await sluiceCommand('list', 'shop')
} finally {
  await sluice.stop()
  root.remove()
}

const heading = `# A recorded deploy

What the commands of a first deploy print, on a real Sluice: written by \`docs/record-a-deploy.ts\`. On a terminal the
steps are redrawn in place instead.
`
const file = path.join(import.meta.dirname, 'guides', 'a-recorded-deploy.md')
writeFileSync(file, `${heading}\n\`\`\`\n${lines.join('\n').trimEnd()}\n\`\`\`\n`)
process.stdout.write(`${lines.join('\n')}\n`)
process.exit(0)

async function sluiceCommand(...words: string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await sluice.cli(...words)
  note(`$ sluice ${words.join(' ')}`)
  lines.push(...shown(stderr + stdout))
  if (exitCode !== 0) note(`(exit status ${exitCode})`)
  lines.push('')
}

async function visit(): Promise<void> {
  const answer = await request(`http://127.0.0.1:${sluice.routerPort}/`, {
    headers: { host: 'shop.localhost' },
  })
  note('$ curl http://shop.localhost:8080/')
  lines.push(...shown(await answer.body.text()), '')
}

function change(message: string, changed: Record<string, string>): void {
  repository.commit(changed, message)
  note(`$ git commit -am "${message}"`)
}

function note(text: string): void {
  lines.push(...shown(text))
}

/** As it would be with the standard ports and home, in a folder of one's own, on no day in particular. */
function shown(text: string): string[] {
  return text
    .replaceAll(path.join(root.directory, 'shop'), '~/shop')
    .replaceAll(sluice.home, '/var/lib/sluice')
    .replaceAll(/\d{4}-\d\d-\d\dT/g, '2026-01-31T')
    .replaceAll(`:${sluice.routerPort}`, ':8080')
    .replaceAll(sluice.url, 'http://127.0.0.1:7700')
    .trimEnd()
    .split('\n')
}
