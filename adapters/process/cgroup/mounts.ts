/** A mounted hierarchy of cgroups: version 1 has one per controller, version 2 one for all. */
export interface CgroupMount {
  version: 1 | 2
  controllers: string[]
  /** Where it is mounted. */
  mountPoint: string
  /** Which cgroup is at the mount point: not the topmost one inside a container. */
  root: string
}

/** From the text of `/proc/self/mountinfo`: `id parent device root mountPoint options… - type source options`. */
export function parseMounts(mountinfo: string): CgroupMount[] {
  return mountinfo.split('\n').flatMap((line): CgroupMount[] => {
    const [before = '', after = ''] = line.split(' - ')
    const [, , , root = '/', mountPoint = ''] = before.split(' ')
    const [type, , options = ''] = after.split(' ')
    const place = { mountPoint: unescaped(mountPoint), root: unescaped(root) }
    if (type === 'cgroup2') return [{ version: 2, controllers: [], ...place }]
    return type === 'cgroup' ? [{ version: 1, controllers: options.split(','), ...place }] : []
  })
}

/** From the text of `/proc/self/cgroup` (`id:controllers:path`): the path by controller; '' is version 2. */
export function parseOwnPaths(text: string): Map<string, string> {
  const paths = new Map<string, string>()
  for (const line of text.trim().split('\n')) {
    const [, controllers = '', ...rest] = line.split(':')
    for (const controller of controllers.split(',')) paths.set(controller, rest.join(':'))
  }
  return paths
}

/** The folder of a cgroup: its path without what lies above the mount point. */
export function folderIn({ root, mountPoint }: CgroupMount, path: string): string {
  const below =
    root === '/' ? path : path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : ''
  // A path with `..` lies outside of what this container sees.
  return below.split('/').includes('..') ? mountPoint : `${mountPoint}${below}`.replace(/\/+$/, '')
}

/** The kernel writes spaces and the like as octal numbers. */
const unescaped = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
