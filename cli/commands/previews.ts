import type { Command } from 'commander'
import { harmlessText } from '../../contract/harmless-text.ts'
import type { Preview, PreviewRule, PutPreviewRule } from '../../contract/preview.ts'
import { ApiProblem } from '../api-problem.ts'
import { CliError } from '../cli-error.ts'
import { clientOf, type Client } from '../client.ts'
import { contextOf } from '../context.ts'
import { parseDuration } from '../durations.ts'
import { exitCodes } from '../exit-codes.ts'
import { servicePath } from '../paths.ts'
import { table } from '../table.ts'

interface SetOptions {
  off?: boolean
  branch?: string[]
  into?: string[]
  /** Milliseconds. */
  ttl?: number
  forks?: boolean
  /** false: from no environment. */
  variablesFrom?: string | false
  maxOpen?: string
  domain?: string | false
}

export function register(program: Command): void {
  const previews = program.command('previews').description('environments of pull requests')
  previews
    .command('list <service>')
    .description('the previews that are open')
    .action(async (service: string, _options: object, command: Command) => {
      const context = contextOf(command)
      const path = `${servicePath(service)}/previews`
      const { data } = await clientOf(context.settings).get<{ data: Preview[] }>(path)
      context.answer(data, () =>
        table(
          ['PREVIEW', 'BRANCH', 'STATE', 'URL', 'UNTIL', 'TITLE'],
          data.map((one) => [
            one.environment,
            one.branch,
            one.state,
            one.serviceUrl,
            one.expiresAt,
            harmlessText(one.title),
          ]),
        ),
      )
    })
  previews
    .command('rule <service>')
    .description('which pull requests get a preview')
    .action(async (service: string, _options: object, command: Command) => {
      const context = contextOf(command)
      context.answer(await clientOf(context.settings).get<PreviewRule>(rulePath(service)), describe)
    })
  registerSet(previews)
  previews
    .command('remove <service> <preview>')
    .description('remove one, such as pr-12; the next push to its request makes it anew')
    .action(async (service: string, preview: string, _options: object, command: Command) => {
      const context = contextOf(command)
      const path = `${servicePath(service)}/previews/${encodeURIComponent(preview)}`
      await clientOf(context.settings).remove(path)
      context.answer({ removing: preview }, () => `${preview} is being removed`)
    })
  previews
    .command('disable <service>')
    .description('have no previews any more: the rule goes, and those that are open')
    .action(async (service: string, _options: object, command: Command) => {
      const context = contextOf(command)
      await clientOf(context.settings).remove(rulePath(service))
      context.answer({ disabled: service }, () => service)
    })
}

function registerSet(previews: Command): void {
  previews
    .command('set <service>')
    .description('make a preview of each pull request; what is not named stays')
    .option('--off', 'deploy none; those that are open stay until their end')
    .option('--branch <pattern...>', 'of requests from these branches; * is any text')
    .option('--into <pattern...>', 'of requests into these branches')
    .option('--ttl <duration>', 'remove one this long after the last push (7d)', parseDuration)
    .option('--forks', 'also run code of forks; they get no secret')
    .option('--no-forks', 'run no code of forks')
    .option('--variables-from <environment>', 'they inherit its variables (staging, if there is one)')
    .option('--no-variables-from', "they inherit the service's variables only")
    .option('--max-open <number>', 'at most so many at once (10)')
    .option('--domain <pattern>', 'host name of each, such as pr-{number}.shop.example.com')
    .option('--no-domain', 'only <service>-pr-<number>.localhost')
    .action(async (service: string, options: SetOptions, command: Command) => {
      const context = contextOf(command)
      const client = clientOf(context.settings)
      const wanted = { ...(await earlierRule(client, service)), ...named(options, command) }
      const rule = await client.put<PreviewRule>(rulePath(service), wanted)
      context.answer(rule, describe)
      context.note(`The webhook of ${service} has to tell of pull requests: sluice webhook show ${service}`)
    })
}

const rulePath = (service: string) => `${servicePath(service)}/preview-rule`

async function earlierRule(client: Client, service: string): Promise<Partial<PreviewRule>> {
  try {
    return await client.get<PreviewRule>(rulePath(service))
  } catch (error) {
    if (error instanceof ApiProblem && error.problem.code === 'PreviewRuleNotFound') return {}
    throw error
  }
}

/** What was said on the command line: commander takes a `--no-…` that was not given for yes. */
function named(options: SetOptions, command: Command): PutPreviewRule {
  const said = <K extends keyof SetOptions>(name: K) =>
    command.getOptionValueSource(name) === 'cli' ? options[name] : undefined
  const [ttl, forks, from, domain] = [said('ttl'), said('forks'), said('variablesFrom'), said('domain')]
  const { branch, into } = options
  return {
    enabled: options.off !== true,
    ...(branch ? { branches: branch } : {}),
    ...(into ? { targetBranches: into } : {}),
    ...(ttl === undefined ? {} : { ttl: Math.ceil(ttl / 1000) }),
    ...(forks === undefined ? {} : { allowForks: forks }),
    ...(from === undefined ? {} : { variablesFrom: from === false ? null : from }),
    ...(options.maxOpen === undefined ? {} : { maxOpen: wholeNumber(options.maxOpen) }),
    ...(domain === undefined ? {} : { domain: domain === false ? null : domain }),
  }
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new CliError(`${text} is not a number.`, { exitCode: exitCodes.usage })
}

const describe = (rule: PreviewRule): string =>
  [
    `previews    ${rule.enabled ? 'on' : 'off'}`,
    `  branches  ${rule.branches.join(', ') || 'any'} into ${rule.targetBranches.join(', ') || 'any'}`,
    `  until     ${rule.ttl} s after the last push; at most ${rule.maxOpen} at once`,
    `  forks     ${rule.allowForks ? 'too, without secrets' : 'no'}`,
    `  variables of the service${rule.variablesFrom === null ? '' : ` and of ${rule.variablesFrom}`}`,
    ...(rule.domain === null ? [] : [`  domain    ${rule.domain}`]),
  ].join('\n')
