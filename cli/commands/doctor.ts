import type { Command } from 'commander'
import type { Check } from '../../stack/doctor/check.ts'
import { contextOf, type Colors } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'

export function register(program: Command): void {
  program
    .command('doctor')
    .description('look for what keeps Sluice from working on this machine')
    .action(async (_options: object, command: Command) => {
      const context = contextOf(command)
      const { examine } = await import('../../stack/doctor/index.ts')
      const checks = await examine(context.settings)
      context.answer(checks, () => checks.map((check) => line(check, context.colors)).join('\n'))
      if (checks.some(({ state }) => state === 'missing')) process.exitCode = exitCodes.error
    })
}

function line({ name, state, detail, fix }: Check, colors: Colors): string {
  const mark = { ok: colors.green('✓'), advice: colors.yellow('!'), missing: colors.red('✗') }[state]
  const next = fix === undefined ? '' : `\n${' '.repeat(14)}→ ${fix}`
  return `${mark} ${name.padEnd(11)} ${detail}${next}`
}
