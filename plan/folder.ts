import type { FileTree } from '../contract/plan.ts'

/** One folder of a tree, as detectors see it. Paths are relative to the folder; `..` reaches up to the top. */
export interface Folder {
  /** Relative to the top; empty for the top. */
  readonly root: string
  has(path: string): boolean
  /** Undefined when the file is absent or its text was not read. */
  text(path: string): string | undefined
  /** Whether any file lies under this folder. */
  hasFolder(path: string): boolean
  /** The first of these that exists. */
  first(...paths: string[]): string | undefined
  /** Every file of the folder, relative to it. */
  paths(): string[]
  /** Another folder of the same tree, by its path from the top. */
  at(root: string): Folder
}

export function openFolder(tree: FileTree, root = ''): Folder {
  const files = new Set(tree.paths)
  return view(tree, files, root)
}

function view(tree: FileTree, files: ReadonlySet<string>, root: string): Folder {
  const prefix = root === '' ? '' : `${root}/`
  const folder: Folder = {
    root,
    has: (path) => files.has(prefix + path),
    text: (path) => {
      const full = prefix + path
      // `Object.hasOwn`: a file may be called `constructor`.
      if (!files.has(full) || !Object.hasOwn(tree.files, full)) return undefined
      return tree.files[full]!.replace(/^\uFEFF/, '')
    },
    hasFolder: (path) => {
      const start = path === '' ? prefix : `${prefix}${path}/`
      return tree.paths.some((one) => one.startsWith(start))
    },
    first: (...paths) => paths.find((path) => folder.has(path)),
    paths: () => tree.paths.filter((one) => one.startsWith(prefix)).map((one) => one.slice(prefix.length)),
    at: (other) => view(tree, files, other),
  }
  return folder
}

/** `./apps//web/` → `apps/web`. */
export const plainPath = (path: string): string =>
  path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')

/** The folders above `a/b/c`, nearest first: `a/b`, `a`, and the top. */
export function ancestors(root: string): string[] {
  if (root === '') return []
  const parts = root.split('/')
  return parts.map((_, at) => parts.slice(0, parts.length - 1 - at).join('/'))
}
