import type { Service } from '../contract/service.ts'

/** What to type in the repository, for a service that is deployed by `git push`; nothing for others. */
export function pushLines({ pushUrl }: Pick<Service, 'pushUrl'>, branch: string): string[] {
  if (pushUrl === null) return []
  const { origin } = new URL(pushUrl)
  return [
    'In the repository:',
    `  ${remoteCommand(pushUrl)}`,
    `  git push sluice ${branch}`,
    'git asks for a password: it is the token (`sluice token`). To be asked no more:',
    `  git config --global credential.${origin}.helper '!f() { test "$1" = get && echo "password=$(sluice token)"; }; f'`,
  ]
}

export const remoteCommand = (pushUrl: string): string => `git remote add sluice ${pushUrl}`
