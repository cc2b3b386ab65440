import type { Folder } from '../folder.ts'
import type { PackageJson } from './package-json.ts'

/** What a framework leaves behind after its build: a program to run, or files to serve. */
export type Outcome =
  | { kind: 'program'; program: string; rest: string }
  | { kind: 'file'; path: string }
  | { kind: 'files'; folder: string; spa: boolean }
  | { kind: 'unknown'; why: string }

export interface Framework {
  name: string
  /** Program and arguments of its build, for a package.json without a `build` script. */
  build: string
  outcome: Outcome
}

interface Entry {
  name: string
  dependency: string
  build: string
  outcome: Outcome | ((folder: Folder, manifest: PackageJson) => Outcome)
}

const files = (folder: string, spa = false): Outcome => ({ kind: 'files', folder, spa })
const file = (path: string): Outcome => ({ kind: 'file', path })

/** Most frameworks stand on Vite or bring it along, so the general tools come last. */
const entries: readonly Entry[] = [
  {
    name: 'Next.js',
    dependency: 'next',
    build: 'next build',
    outcome: (folder) =>
      /\boutput\s{0,9}:\s{0,9}['"]export['"]/.test(configText(folder, 'next'))
        ? files('out')
        : { kind: 'program', program: 'next', rest: ' start' },
  },
  { name: 'Nuxt', dependency: 'nuxt', build: 'nuxt build', outcome: file('.output/server/index.mjs') },
  {
    name: 'React Router',
    dependency: '@react-router/dev',
    build: 'react-router build',
    outcome: (folder, { dependencies }) => {
      if (/\bssr\s{0,9}:\s{0,9}false\b/.test(configText(folder, 'react-router')))
        return files('build/client', true)
      return dependencies.has('@react-router/serve')
        ? { kind: 'program', program: 'react-router-serve', rest: ' ./build/server/index.js' }
        : { kind: 'unknown', why: 'React Router needs a server: add @react-router/serve or a start script' }
    },
  },
  {
    name: 'Remix',
    dependency: '@remix-run/serve',
    build: 'remix vite:build',
    outcome: { kind: 'program', program: 'remix-serve', rest: ' ./build/server/index.js' },
  },
  {
    name: 'SvelteKit',
    dependency: '@sveltejs/kit',
    build: 'vite build',
    outcome: (_, { dependencies }) => {
      if (dependencies.has('@sveltejs/adapter-node')) return file('build')
      if (dependencies.has('@sveltejs/adapter-static')) return files('build')
      return {
        kind: 'unknown',
        why: 'SvelteKit needs @sveltejs/adapter-node (or adapter-static) to run here',
      }
    },
  },
  {
    name: 'Astro',
    dependency: 'astro',
    build: 'astro build',
    outcome: (_, { dependencies }) =>
      dependencies.has('@astrojs/node') ? file('./dist/server/entry.mjs') : files('dist'),
  },
  { name: 'NestJS', dependency: '@nestjs/core', build: 'nest build', outcome: file('dist/main') },
  {
    name: 'Nitro',
    dependency: 'nitropack',
    build: 'nitropack build',
    outcome: file('.output/server/index.mjs'),
  },
  {
    name: 'Create React App',
    dependency: 'react-scripts',
    build: 'react-scripts build',
    outcome: files('build', true),
  },
  { name: 'Gatsby', dependency: 'gatsby', build: 'gatsby build', outcome: files('public') },
  { name: 'Docusaurus', dependency: '@docusaurus/core', build: 'docusaurus build', outcome: files('build') },
  {
    name: 'VitePress',
    dependency: 'vitepress',
    build: 'vitepress build',
    outcome: { kind: 'unknown', why: 'VitePress writes to a folder of its own: set static.folder' },
  },
  {
    name: 'Vue CLI',
    dependency: '@vue/cli-service',
    build: 'vue-cli-service build',
    outcome: files('dist', true),
  },
  { name: 'Eleventy', dependency: '@11ty/eleventy', build: 'eleventy', outcome: files('_site') },
  {
    name: 'Angular',
    dependency: '@angular/cli',
    build: 'ng build',
    outcome: {
      kind: 'unknown',
      why: 'Angular writes to dist/<project>/browser: set static.folder and static.spa',
    },
  },
  {
    name: 'Vite',
    dependency: 'vite',
    build: 'vite build',
    outcome: (folder) =>
      files(
        /\boutDir\s{0,9}:\s{0,9}['"]([A-Za-z0-9_-][A-Za-z0-9_./-]{0,99})['"]/.exec(
          configText(folder, 'vite'),
        )?.[1] ?? 'dist',
        true,
      ),
  },
]

export function frameworkOf(folder: Folder, manifest: PackageJson): Framework | undefined {
  const found = entries.find(({ dependency }) => manifest.dependencies.has(dependency))
  if (!found) return undefined
  const outcome = typeof found.outcome === 'function' ? found.outcome(folder, manifest) : found.outcome
  return { name: found.name, build: found.build, outcome }
}

/** Settings of frameworks are programs; only literal values can be read without running them. */
export const configExtensions: readonly string[] = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs']
export const configNames: readonly string[] = ['next', 'vite', 'react-router']

function configText(folder: Folder, name: string): string {
  const found = folder.first(...configExtensions.map((extension) => `${name}.config.${extension}`))
  return found === undefined ? '' : (folder.text(found) ?? '').slice(0, 64 * 1024)
}
