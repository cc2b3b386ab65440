import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Pages from './pages/index.tsx'

const web = import.meta.dirname
const root = path.dirname(web)

/** The dashboard as it is served: pages to render here, script and style for the browser. */
export interface Bundle {
  /** Of everything that it was made from; in the url of script and style, which may then be kept for ever. */
  hash: string
  pages: typeof Pages
  assets: Record<'client.js' | 'style.css', Uint8Array<ArrayBuffer>>
}

/** Node does not run JSX: esbuild makes one file of the pages, when their sources have changed. */
export async function dashboardBundle(cacheDirectory: string): Promise<Bundle> {
  const hash = await sourceHash()
  const folder = path.join(cacheDirectory, `dashboard-${hash}`)
  if (!(await stat(folder).catch(() => undefined))) await build(folder)
  const [pages, script, style] = await Promise.all([
    import(pathToFileURL(path.join(folder, 'pages.mjs')).href) as Promise<typeof Pages>,
    readFile(path.join(folder, 'client.js')),
    readFile(path.join(folder, 'style.css')),
  ])
  return {
    hash,
    pages,
    assets: { 'client.js': new Uint8Array(script), 'style.css': new Uint8Array(style) },
  }
}

/** Made beside its place and moved there, so that nobody ever reads half of it. */
async function build(folder: string): Promise<void> {
  const esbuild = await import('esbuild')
  const partial = `${folder}.${process.pid}`
  await mkdir(partial, { recursive: true })
  try {
    const { outputFiles } = await esbuild.build({
      absWorkingDir: root,
      entryPoints: { pages: 'web/pages/index.tsx' },
      outdir: partial,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      jsx: 'automatic',
      jsxImportSource: 'hono/jsx',
    })
    const browser = await esbuild.build({
      absWorkingDir: root,
      entryPoints: { client: 'web/client/main.ts', style: 'web/style.css' },
      outdir: partial,
      bundle: true,
      write: false,
      platform: 'browser',
      format: 'iife',
      target: ['chrome111', 'firefox114', 'safari16.4'],
      minify: true,
    })
    for (const file of [...outputFiles, ...browser.outputFiles]) await writeFile(file.path, file.contents)
    // Another server may have been faster.
    await rename(partial, folder).catch(async (error: unknown) => {
      if (!(await stat(folder).catch(() => undefined))) throw error
    })
  } finally {
    await rm(partial, { recursive: true, force: true })
    // It is a process of its own, and is not needed again.
    await esbuild.stop()
  }
}

async function sourceHash(): Promise<string> {
  const hash = createHash('sha256')
  // Names the exact versions of what is bundled, and of what bundles.
  hash.update(await readFile(path.join(root, 'package.json')))
  for (const folder of ['web', 'contract']) {
    const files = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true })
    const names = files
      .filter((file) => file.isFile())
      .map((file) => path.relative(root, path.join(file.parentPath, file.name)))
    for (const name of names.toSorted()) hash.update(name).update(await readFile(path.join(root, name)))
  }
  return hash.digest('hex').slice(0, 16)
}
