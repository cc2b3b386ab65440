import path from 'node:path'

/** Where package managers and compilers keep what they share between builds: below the cache of the environment. */
export function cacheEnvironment(cache: string): Record<string, string> {
  const at = (name: string) => path.join(cache, name)
  return {
    // uv, pip, poetry, pipenv, Deno and others make folders of their own below it.
    XDG_CACHE_HOME: cache,
    npm_config_cache: at('npm'),
    // The lockfile says exactly what; asking the registry again would only take time.
    npm_config_prefer_offline: 'true',
    // What pnpm calls its store.
    npm_config_store_dir: at('pnpm'),
    YARN_CACHE_FOLDER: at('yarn'),
    BUN_INSTALL_CACHE_DIR: at('bun'),
    PIP_CACHE_DIR: at('pip'),
    UV_CACHE_DIR: at('uv'),
    GOCACHE: at('go-build'),
    GOMODCACHE: at('go-mod'),
    // Modules are read-only otherwise, and the cache could not be removed.
    GOFLAGS: '-modcacherw',
    CARGO_HOME: at('cargo'),
    // Maven takes the home from the list of users, where a service's user has none.
    MAVEN_OPTS: `-Dmaven.repo.local=${at('m2')}`,
    MAVEN_USER_HOME: at('m2'),
    GRADLE_USER_HOME: at('gradle'),
    COMPOSER_CACHE_DIR: at('composer'),
    BUNDLE_USER_CACHE: at('bundle'),
    MIX_HOME: at('mix'),
    HEX_HOME: at('hex'),
  }
}
