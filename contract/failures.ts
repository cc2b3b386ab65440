import type { StepName } from './vocabulary.ts'

/**
 * Every code a deployment can fail with: what it means and what to do next. Free of zod.
 * The guide "When a deploy fails" has a section per code; `link` leads to it.
 */
export const failureCodes = {
  PreflightFailed: {
    step: 'preflight',
    means: 'Something that this deployment needs is missing.',
    hint: 'Put right each finding listed in the message, then deploy again.',
  },
  MigrationUnresolved: {
    step: 'preflight',
    means:
      'The result of an earlier migration of this environment was lost, and nobody has said yet whether it took effect. To run the hook now could be a second run of it.',
    hint: 'Look in the database, then say it: `sluice resolve <deployment> --migrated` or `--not-migrated`. After that deploy or retry.',
  },
  HostUnavailable: {
    step: 'preflight',
    means: 'The host did not take the work: its agent is not running.',
    hint: 'Start the agent on that host (`sluice up`), then retry the deployment.',
  },
  DatabaseUnreachable: {
    step: 'validate',
    means: 'A database that the service is configured with does not answer.',
    hint: 'Check that the database runs and that the variable holds the right address and password.',
  },
  VariableMissing: {
    step: 'fetch',
    means: 'The service asks for variables (`requires` in sluice.yaml) that are not set.',
    hint: 'Set them with `sluice env set <service> <environment> NAME=value`, then deploy again.',
  },
  RefNotFound: {
    step: 'fetch',
    means: 'The repository has no such branch, tag or commit.',
    hint: 'Push the branch, or deploy another one with --ref.',
  },
  RepositoryUnreachable: {
    step: 'fetch',
    means: 'The repository could not be read.',
    hint: 'Check the url and the credentials of the service, and that this host can reach it.',
  },
  ArchiveUnreachable: {
    step: 'fetch',
    means: 'The archive could not be fetched from its url.',
    hint: 'Check that the url answers without a login, on a public address, and that its sum is the one that was given; or upload the file itself with `sluice deploy --archive`.',
  },
  ArchiveGone: {
    step: 'fetch',
    means: 'The archive is not kept any more: no release that is kept was made from it.',
    hint: 'Upload it again with `sluice deploy --archive`.',
  },
  SourceRejected: {
    step: 'fetch',
    means: 'The source holds something that is never deployed.',
    hint: 'Remove what the message names from the repository or the archive.',
  },
  ConfigInvalid: {
    step: 'fetch',
    means: 'sluice.yaml or the environment configuration does not fit the schema.',
    hint: 'Correct the fields named in the message; `sluice plan` checks the file without deploying.',
  },
  NoPlan: {
    step: 'fetch',
    means: 'No technology was detected and no start command is configured.',
    hint: 'Add a Procfile with a `web:` line, or a sluice.yaml with `start:`.',
  },
  PackUnavailable: {
    step: 'fetch',
    means: 'A buildpack could not be fetched, or what was fetched is no buildpack.',
    hint: 'Check the url after BUILDPACK_URL, in .buildpacks or under `buildpacks` in sluice.yaml: a git repository (with #branch, #tag or #commit), a .tgz, or a folder under SLUICE_SOURCE_ROOTS, with bin/detect and bin/compile in it.',
  },
  PackNotDetected: {
    step: 'build',
    means: 'A buildpack that was asked for does not recognise the source.',
    hint: 'Choose another buildpack, or remove BUILDPACK_URL, BUILDPACK_NAME or .buildpacks to have the technology detected; PROJECT_DIR or `root` names the folder of the service.',
  },
  ToolMissing: {
    step: 'install',
    means: 'A program that the plan needs is not installed on the host, or has another version than asked.',
    hint: 'Install it on the host, or change the version that the repository asks for.',
  },
  InstallFailed: {
    step: 'install',
    means: 'The install command ended with an error.',
    hint: 'Read the last lines of the step; run the same command locally from a clean checkout.',
  },
  BuildFailed: {
    step: 'build',
    means: 'The build command ended with an error.',
    hint: 'Read the last lines of the step; run the same command locally from a clean checkout.',
  },
  CommandTimedOut: {
    step: 'build',
    means: 'A command ran longer than it may.',
    hint: 'Look where it hangs, or raise its time-out in sluice.yaml.',
  },
  OutOfMemory: {
    step: 'build',
    means: 'A command or the new release needed more memory than it may have, and was killed.',
    hint: 'Raise `buildLimits.memory` (install, build, hooks) or `limits.memory` (the service) in sluice.yaml, or make it need less.',
  },
  TooManyProcesses: {
    step: 'build',
    means: 'A command or the new release started more processes and threads than it may.',
    hint: 'Look for something that starts processes without end; else raise `buildLimits.processes` or `limits.processes` in sluice.yaml.',
  },
  NeverListened: {
    step: 'validate',
    means: 'The new release runs but did not accept a connection within the boot time-out.',
    hint: 'Listen on the port in the PORT variable, on 0.0.0.0 or 127.0.0.1; raise bootTimeout if it boots slowly.',
  },
  WrongPort: {
    step: 'validate',
    means: 'The new release listens on another port than PORT.',
    hint: 'Read the port from the PORT variable instead of a fixed number.',
  },
  ExitedAtBoot: {
    step: 'validate',
    means: 'The new release exited or crashed while it was being checked.',
    hint: 'Read the last lines of its output; start it locally with the same variables.',
  },
  Unhealthy: {
    step: 'validate',
    means: 'The health path did not answer 2xx within the boot time-out.',
    hint: 'Open the health path locally; check what the handler needs.',
  },
  MigrationFailed: {
    step: 'migrate',
    means: 'The migration hook ended with an error. The old release still serves.',
    hint: 'Check the state of the database by hand before deploying again: part of it may have run.',
  },
  MigrationTimedOut: {
    step: 'migrate',
    means:
      'The migration ran longer than hookTimeout and was ended, with everything that it had started. The old release still serves.',
    hint: 'Look what it waits for, most often a lock that another connection holds, and what of it is in the database already; part of it may have run. Then deploy again, with a longer hookTimeout in sluice.yaml if it needs one.',
  },
  MigrationOutcomeUnknown: {
    step: 'migrate',
    means:
      'The migration was started, but nobody saw it end: its processes were killed from outside (out of memory, say), or its result was lost. It is never run a second time unasked, and until you have answered no other deployment of this environment starts.',
    hint: 'Look in the database whether it took effect. Then run `sluice resolve <deployment> --migrated`, after which a retry skips the hook, or `--not-migrated`, after which it runs again; then `sluice retry <deployment>`. A hook can answer by itself: `check` or `repeatable` under `hooks.migrate` in sluice.yaml.',
  },
  ReloadFailed: {
    step: 'reload',
    means: 'The new release did not come back after its caches were rebuilt.',
    hint: 'Read the last lines of the step.',
  },
  ApprovalRejected: {
    step: undefined,
    means:
      'Somebody looked at the deployment before its switch and rejected it. The old release still serves.',
    hint: 'The message says who and why. Put that right and deploy again.',
  },
  ApprovalTimedOut: {
    step: undefined,
    means: 'The environment wants an approval before the switch, and nobody gave it in time.',
    hint: 'Retry the deployment and have it approved with `sluice approve <deployment>`, or give more time with `approval` of the environment.',
  },
  StaleDeployment: {
    step: 'switch',
    means: 'A newer deployment is live already, so this one may not take its place.',
    hint: 'Nothing is to be done. To go back to this version, roll back to its release.',
  },
  WorkerExited: {
    step: 'switch',
    means:
      'A process beside web (a worker) ended right after it was started with the new release. Traffic was never switched, and the old processes go on.',
    hint: 'Read the last lines of its output; start it locally with the same variables. A command that ends by itself is a hook, a run or a cron entry; to not start a process at all, set it to null under `processes` in sluice.yaml.',
  },
  SwitchFailed: {
    step: 'switch',
    means: 'The router or the live pointer could not be changed. Traffic was put back.',
    hint: 'Check that the router runs and that the disk is not full (`sluice doctor`).',
  },
  DiedAfterSwitch: {
    step: 'switch',
    means:
      'The new release took traffic and then exited, or stopped being healthy, or one of its workers exited, while it was watched. Traffic went back to the release before it; without one the environment answers 503.',
    hint: 'Read its last lines below: it boots, but does not stand real traffic. `soak` in sluice.yaml says how long it is watched.',
  },
  ReleaseGone: {
    step: 'validate',
    means: 'The release to go back to is no longer on the disk.',
    hint: 'Deploy its commit again with --ref.',
  },
  DiskFull: {
    step: 'fetch',
    means: 'There is no room left on the disk.',
    hint: 'Free space on the disk that the message names, then retry: a smaller keepReleases removes old releases, and a smaller SLUICE_CACHE_LIMIT bounds what builds keep (`caches` in the home may be emptied).',
  },
  Terminated: {
    step: undefined,
    means: 'The deployment workflow was terminated or ran out of time. Its release was discarded.',
    hint: 'Retry the deployment. To stop one, cancel it instead.',
  },
  Internal: {
    step: undefined,
    means: 'Sluice itself failed.',
    hint: 'See the log of the agent and the worker; retry the deployment.',
  },
} as const satisfies Record<string, { step: StepName | undefined; means: string; hint: string }>

export type FailureCode = keyof typeof failureCodes

export function isFailureCode(code: string): code is FailureCode {
  return Object.hasOwn(failureCodes, code)
}

/** Where the guide explains a code; a path on the API server. */
export const failureLink = (code: FailureCode): string =>
  `/guides/when-a-deploy-fails#${code.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}`

/** Why a deployment failed, as the API shows it. */
export interface Failure {
  step: StepName | null
  code: FailureCode
  message: string
  hint: string
  link: string
}

export function failureOf(code: FailureCode, message: string, step?: StepName): Failure {
  const known = failureCodes[code]
  return { step: step ?? known.step ?? null, code, message, hint: known.hint, link: failureLink(code) }
}
