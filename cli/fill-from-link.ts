import type { Argument, Command } from 'commander'
import { linkOf, type Link } from './link.ts'

/** Arguments for which the link of the folder stands in; a deployment is the newest one of the service. */
const filled = new Set(['service', 'deployment'])

/**
 * Lets `<service>` and `<environment>` be left out in a folder that is linked: `sluice deploy` there means the linked
 * environment, and `sluice env set NAME=value` sets a variable of it. Whoever names a service names all, as anywhere.
 */
export function fillFromLink(program: Command, link: Link | undefined = linkOf()): void {
  if (!link) return
  const required = new Set<Argument>()
  for (const command of allCommands(program)) {
    if (!filled.has(command.registeredArguments[0]?.name() ?? '')) continue
    for (const argument of command.registeredArguments) {
      if (!argument.required) continue
      required.add(argument)
      argument.required = false
    }
  }
  program.hook('preAction', (_program, command) => {
    const { registeredArguments: wanted, args } = command
    if (!wanted.some((argument) => required.has(argument))) return
    const isLeftOut = args.length === 0 || args[0]!.includes('=')
    const given = isLeftOut ? [link.service, ...environmentOf(wanted, link), ...args] : args
    const missing = wanted.find((argument, at) => required.has(argument) && given[at] === undefined)
    if (missing)
      command.error(`error: missing required argument '${missing.name()}'`, {
        code: 'commander.missingArgument',
      })
    if (isLeftOut)
      command.processedArgs = wanted.map((argument, at) => (argument.variadic ? given.slice(at) : given[at]))
  })
}

const environmentOf = ([, second]: readonly Argument[], { environment }: Link): string[] =>
  second?.name() === 'environment' ? [environment] : []

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)]
}
