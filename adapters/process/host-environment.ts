import path from 'node:path'

const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** What services and jobs inherit from the machine: its PATH, language and time zone, and nothing else. */
export function hostEnvironment(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const kept = Object.entries(env).filter(
    ([name]) => name === 'LANG' || name === 'TZ' || name.startsWith('LC_'),
  )
  const languageAndZone = kept.filter((entry): entry is [string, string] => Boolean(entry[1]))
  return { LANG: 'C.UTF-8', ...Object.fromEntries(languageAndZone), PATH: hostPath(env['PATH']) }
}

const reachNames =
  /^(https?_proxy|no_proxy|all_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|PIP_CERT|GIT_SSL_CAINFO)$/i

/** How this machine reaches package registries: proxies and certificate authorities. For builds only. */
export function reachEnvironment(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const entries = Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1]))
  return Object.fromEntries(entries.filter(([name]) => reachNames.test(name)))
}

/** The host's own toolchains: without what npm and Sluice's launcher put in front for Sluice itself. */
export function hostPath(searchPath = '', ownNode = process.execPath): string {
  // Where Sluice runs on the machine's own Node, that folder is the machine's and stays.
  const ownFolder = ownNode.split(path.sep).includes('node_modules') ? path.dirname(ownNode) : undefined
  const folders = searchPath.split(path.delimiter).filter(
    // A relative entry would mean another folder in every service.
    (folder) =>
      path.isAbsolute(folder) &&
      !/\/node_modules\/(\.bin|.*\/node-gyp-bin)\/?$/.test(folder) &&
      folder !== ownFolder,
  )
  return [...new Set(folders)].join(path.delimiter) || usualPath
}
