import { SourceError } from '../../../ports/source.ts'
import type { GitEnvironment } from './environment.ts'
import { timeouts } from './options.ts'
import { runGit } from './run.ts'

/** The first git with `http.curloptResolve`; an older one would silently connect to an address that nobody checked. */
const oldest = [2, 37] as const

/** @throws SourceError RepositoryUnreachable */
export async function checkGitVersion({ offline }: GitEnvironment): Promise<void> {
  const { stdout } = await runGit({ args: ['version'], environment: offline, timeoutMs: timeouts.probe })
  const said = stdout.toString('utf8').trim()
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(said) ?? []
  if (Number(major) > oldest[0] || (Number(major) === oldest[0] && Number(minor) >= oldest[1])) return
  throw new SourceError(
    'RepositoryUnreachable',
    `git ${oldest.join('.')} or newer is needed on this host; it has "${said}".`,
  )
}
