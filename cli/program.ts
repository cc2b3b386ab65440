import { Command } from 'commander'
import { fillFromLink } from './fill-from-link.ts'

/** What a file in `commands/` exports. */
export interface CommandFile {
  register(program: Command): void
}

/** Loaded only when called: the start of every command must be quick. In the order of the help. */
export const commandFiles: Record<string, () => Promise<CommandFile>> = {
  up: () => import('./commands/up.ts'),
  down: () => import('./commands/down.ts'),
  doctor: () => import('./commands/doctor.ts'),
  service: () => import('./commands/service.ts'),
  'git-remote': () => import('./commands/git-remote.ts'),
  env: () => import('./commands/env.ts'),
  deploy: () => import('./commands/deploy.ts'),
  watch: () => import('./commands/watch.ts'),
  status: () => import('./commands/status.ts'),
  ps: () => import('./commands/ps.ts'),
  run: () => import('./commands/run.ts'),
  cron: () => import('./commands/cron.ts'),
  logs: () => import('./commands/logs.ts'),
  cancel: () => import('./commands/cancel.ts'),
  rollback: () => import('./commands/rollback.ts'),
  restart: () => import('./commands/restart.ts'),
  diff: () => import('./commands/diff.ts'),
  preflight: () => import('./commands/preflight.ts'),
  list: () => import('./commands/list.ts'),
  retry: () => import('./commands/retry.ts'),
  resolve: () => import('./commands/resolve.ts'),
  approve: () => import('./commands/approve.ts'),
  reject: () => import('./commands/reject.ts'),
  hold: () => import('./commands/hold.ts'),
  unhold: () => import('./commands/unhold.ts'),
  webhook: () => import('./commands/webhook.ts'),
  deliveries: () => import('./commands/deliveries.ts'),
  previews: () => import('./commands/previews.ts'),
  schedules: () => import('./commands/schedules.ts'),
  init: () => import('./commands/init.ts'),
  validate: () => import('./commands/validate.ts'),
  link: () => import('./commands/link.ts'),
  unlink: () => import('./commands/unlink.ts'),
  plan: () => import('./commands/plan.ts'),
  open: () => import('./commands/open.ts'),
  notify: () => import('./commands/notify.ts'),
  audit: () => import('./commands/audit.ts'),
  token: () => import('./commands/token.ts'),
  tokens: () => import('./commands/tokens.ts'),
  login: () => import('./commands/login.ts'),
  logout: () => import('./commands/logout.ts'),
  whoami: () => import('./commands/whoami.ts'),
  completion: () => import('./commands/completion.ts'),
}

/**
 * With the commands that are named in the arguments; with all of them when none is, for help and suggestions, and for
 * `completion`, which is about all of them.
 */
export async function createProgram(args: string[], version: string): Promise<Command> {
  const program = new Command('sluice')
    .description('Durable deploys: a failed deploy never takes a site down.')
    .version(version, '-V, --version', 'print the version')
    .option('--json', 'print data as JSON')
    .option('-q, --quiet', 'print no progress')
    .option('--no-input', 'never ask; fail instead')
    .option('-y, --yes', 'answer every question with yes')
    .option('--url <url>', 'of the API (SLUICE_URL)')
    .option('--home <folder>', "Sluice's folder (SLUICE_HOME)")
    .helpOption('-h, --help', 'print this help')
    .showSuggestionAfterError()
    .addHelpText('after', footer)
    .exitOverride()
  const named = Object.keys(commandFiles).filter((name) => args.includes(name))
  const some = named.length > 0 && !named.includes('completion')
  const files = (some ? named : Object.keys(commandFiles)).map((name) => commandFiles[name]!())
  for (const file of await Promise.all(files)) file.register(program)
  fillFromLink(program)
  return program
}

const footer = `
Exit status: 0 ok, 1 error, 2 usage, 3 deployment failed and was undone, 4 no access, 5 failed and could not be undone,
6 wait timed out, 7 superseded or canceled, 130 interrupted.`
