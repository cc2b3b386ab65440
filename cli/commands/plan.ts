import path from 'node:path'
import type { Command } from 'commander'
import { defaultLimits, limitWords } from '../../contract/limits.ts'
import type { Plan } from '../../contract/plan.ts'
import { CliError } from '../cli-error.ts'
import { clientOf } from '../client.ts'
import { isRepositoryUrl, withClone } from '../cloned.ts'
import { contextOf, type Context } from '../context.ts'
import { standardEnvironment } from '../deployment-id.ts'
import { environmentPath } from '../paths.ts'
import { planFolder } from '../plan-folder.ts'
import { readableDuration } from '../durations.ts'

interface PlanOptions {
  service?: string
  environment: string
  ref?: string
}

export function register(program: Command): void {
  program
    .command('plan')
    .description('show how a folder, a repository or a service would be built and started, and why')
    .argument('[source]', 'a folder, or the url of a repository', '.')
    .option('--service <service>', 'of a service instead')
    .option('--environment <environment>', 'of the service', standardEnvironment)
    .option('--ref <ref>', 'branch, tag or commit of the repository or the service')
    .action(async (source: string, options: PlanOptions, command: Command) => {
      const context = contextOf(command)
      const { service, environment, ref } = options
      const query = ref === undefined ? '' : `?${new URLSearchParams({ ref }).toString()}`
      const found =
        service === undefined
          ? await planSource(source, ref)
          : await clientOf(context.settings).get<Plan>(
              `${environmentPath(service, environment)}/plan${query}`,
            )
      context.answer(found, () => explain(found, context))
    })
}

/** A ref of a folder would be a branch that is not checked out. */
async function planSource(source: string, ref: string | undefined): Promise<Plan> {
  if (isRepositoryUrl(source)) return withClone(source, ref, planFolder)
  if (ref !== undefined) throw new CliError('--ref is for a repository or a service: check the branch out.')
  return planFolder(path.resolve(source))
}

function explain(plan: Plan, { colors }: Context): string {
  const commands = [
    ['install', plan.install],
    ['build', plan.build],
    ['migrate', plan.migrate],
    ['reload', plan.reload],
    ['start', plan.start],
  ] as const
  const facts = [
    ['health', plan.healthPath ?? 'a TCP connection'],
    ['boot', `within ${readableDuration(plan.bootTimeoutMs)}`],
    ['drain', readableDuration(plan.drainMs)],
    ['limits', limitWords(plan.limits ?? defaultLimits)],
  ] as const
  return [
    `${colors.bold(plan.technology)}${plan.root === '' ? '' : ` in ${plan.root}`}`,
    ...plan.reasons.map((reason) => `  ${colors.dim(reason)}`),
    '',
    ...commands.map(
      ([name, step]) => `  ${name.padEnd(9)}${step ? `${step.command}  ${colors.dim(step.reason)}` : '–'}`,
    ),
    ...(plan.packs ?? []).map(({ name, ref }) => `  pack     ${name}${ref === null ? '' : `#${ref}`}`),
    ...facts.map(([name, value]) => `  ${name.padEnd(9)}${value}`),
    ...Object.entries(plan.processes)
      .filter(([name]) => name !== 'web')
      .map(([name, { command }]) => `  process  ${name}: ${command}  ${colors.dim('not started by itself')}`),
    ...plan.cron.map(({ name, schedule, command }) => `  cron     ${name}: ${schedule}  ${command}`),
    ...plan.tools.map((tool) => `  needs    ${tool.name} ${tool.version ?? ''}  ${colors.dim(tool.reason)}`),
    ...plan.warnings.map((warning) => `  ${colors.yellow('!')} ${warning}`),
    ...plan.suggestions.map(({ command, reason }) => `  hint     ${command}  ${colors.dim(reason)}`),
  ].join('\n')
}
