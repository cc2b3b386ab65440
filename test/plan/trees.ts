import type { FileTree } from '../../contract/plan.ts'
import { technologies } from './technologies.ts'

type Files = Record<string, string>

export function treeOf(files: Files): FileTree {
  return { paths: Object.keys(files).toSorted(), files }
}

const json = (value: unknown): string => JSON.stringify(value, null, 2)
const pack = (value: Record<string, unknown>): Files => ({
  'package.json': json({ name: 'service', ...value }),
})
const start = { scripts: { start: 'node server.js' }, dependencies: { hono: '4' } }
const built = (dependencies: Record<string, string>, scripts: Record<string, string> = {}) =>
  pack({ scripts: { build: 'build', ...scripts }, dependencies })
const npmLock = { 'package-lock.json': '{"lockfileVersion": 3}' }
const pnpmLock = (version: string) => ({ 'pnpm-lock.yaml': `lockfileVersion: '${version}'\n` })
const yarnClassic = { 'yarn.lock': '# yarn lockfile v1\n\n' }
const yarnBerry = (version = 8) => ({
  'yarn.lock': `# generated\n\n__metadata:\n  version: ${version}\n  cacheKey: 10c0\n`,
})

/** Small repositories, one per thing that detection must get right. */
export const trees: Record<string, Files> = {
  ...technologies,
  'npm with a lockfile': { ...pack(start), ...npmLock },
  'npm with a shrinkwrap': { ...pack(start), 'npm-shrinkwrap.json': '{}' },
  'npm pinned by packageManager': { ...pack({ ...start, packageManager: 'npm@10.9.4' }), ...npmLock },
  'npm without a lockfile': pack(start),
  'nothing to install': pack({ scripts: { start: 'node server.js' } }),
  'pnpm 7 by its lockfile': { ...pack(start), ...pnpmLock('5.4') },
  'pnpm 8 by its lockfile': { ...pack(start), ...pnpmLock('6.0') },
  'pnpm 9 by its lockfile': { ...pack(start), ...pnpmLock('9.0') },
  'pnpm 10 by its settings': {
    ...pack(start),
    ...pnpmLock('9.0'),
    'pnpm-workspace.yaml': 'onlyBuiltDependencies: [esbuild]\n',
  },
  'pnpm pinned by packageManager': {
    ...pack({ ...start, packageManager: 'pnpm@10.4.1+sha512.c753b6c3ad7afa13af388fa6d80' }),
    ...pnpmLock('9.0'),
  },
  'pnpm named by devEngines': {
    ...pack({
      ...start,
      devEngines: {
        packageManager: { name: 'pnpm', version: '^9.0.0' },
        runtime: { name: 'node', version: '>=20' },
      },
    }),
    ...pnpmLock('9.0'),
  },
  'yarn 1': {
    ...pack({ ...start, scripts: { start: 'yarn serve', serve: 'node server.js', build: 'tsc' } }),
    ...yarnClassic,
  },
  'yarn berry with Plug and Play': { ...pack(start), ...yarnBerry() },
  'yarn berry with node_modules': {
    ...pack(start),
    ...yarnBerry(6),
    '.yarnrc.yml': 'nodeLinker: node-modules\n',
  },
  'yarn berry carried along': {
    ...pack(start),
    ...yarnBerry(),
    '.yarnrc.yml': 'yarnPath: .yarn/releases/yarn-4.9.4.cjs\n',
    '.yarn/releases/yarn-4.9.4.cjs': '',
  },
  bun: { ...pack(start), 'bun.lock': '{}' },
  'several lockfiles': { ...pack(start), ...npmLock, ...pnpmLock('9.0'), ...yarnClassic },
  'several lockfiles and packageManager': {
    ...pack({ ...start, packageManager: 'pnpm@9.15.9' }),
    ...npmLock,
    ...pnpmLock('9.0'),
  },
  'workspace member': {
    'package.json': json({ private: true, workspaces: ['apps/*'], packageManager: 'yarn@1.22.22' }),
    ...yarnClassic,
    '.nvmrc': 'lts/jod\n',
    'apps/web/package.json': json({
      scripts: { build: 'tsc', start: 'node dist/main.js' },
      dependencies: { hono: '4' },
    }),
    'sluice.yaml': 'root: apps/web\n',
  },
  'nvmrc against engines': {
    ...pack({ ...start, engines: { node: '>=22' } }),
    ...npmLock,
    '.nvmrc': 'lts/iron\n',
  },
  'main without scripts': { ...pack({ main: 'lib/server' }), 'lib/server.js': '' },
  'server.js without anything': { ...pack({}), 'server.js': '' },
  'Next.js': { ...built({ next: '15', react: '19' }, { dev: 'next dev' }), ...npmLock },
  'Next.js as files': {
    ...built({ next: '15' }),
    ...npmLock,
    'next.config.mjs': "export default { output: 'export' }",
  },
  Nuxt: { ...built({ nuxt: '4' }), ...pnpmLock('9.0') },
  'React Router': {
    ...built({ '@react-router/dev': '7', '@react-router/serve': '7', vite: '7' }),
    ...npmLock,
  },
  'SvelteKit for Node': {
    ...built({ '@sveltejs/kit': '2', '@sveltejs/adapter-node': '5', vite: '7' }),
    ...npmLock,
  },
  'Astro as files': { ...built({ astro: '5' }), ...npmLock },
  'Vite without a start script': {
    ...pack({ scripts: { build: 'vite build' }, devDependencies: { vite: '7' } }),
    ...npmLock,
    'index.html': '',
  },
  'Create React App': {
    ...built({ 'react-scripts': '5' }, { start: 'react-scripts start' }),
    ...npmLock,
    'public/index.html': '',
  },
  'Prisma that migrates at boot': {
    ...built({ prisma: '6', '@prisma/client': '6' }, { start: 'prisma migrate deploy && node server.js' }),
    ...npmLock,
    'prisma/migrations/1/migration.sql': '',
  },
  'plain files': { 'index.html': '', 'style.css': '' },
  'plain files in public': { 'README.md': '', 'public/index.html': '' },
  'Procfile alone': {
    Procfile: 'web: ./server --port $PORT\nrelease: ./server migrate\nworker: ./server work\n',
  },
  'Procfile over the start script': {
    ...pack(start),
    ...npmLock,
    Procfile: 'web: node --max-old-space-size=400 server.js\n',
  },
  'sluice.yaml with everything': {
    ...pack(start),
    ...npmLock,
    Procfile: 'web: node other.js\npostdeploy: node old.js\n',
    'sluice.yaml': [
      'install: npm ci',
      'build: null',
      'start: node server.js',
      'hooks: {migrate: npm run migrate, reload: npm run caches}',
      'hookTimeout: 5m',
      'buildTimeout: 30m',
      'health: {path: /healthz}',
      'bootTimeout: 90',
      'drain: 10s',
      'soak: 20s',
      'environment: {LOG_LEVEL: info, WORKERS: 2}',
    ].join('\n'),
  },
  'sluice.yaml serving a folder': {
    'sluice.yaml': 'static: {folder: site, spa: true}\n',
    'site/index.html': '',
  },
}
