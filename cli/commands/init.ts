import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Command } from 'commander'
import { CliError } from '../cli-error.ts'
import { contextOf } from '../context.ts'
import { planFolder } from '../plan-folder.ts'

export function register(program: Command): void {
  program
    .command('init [directory]')
    .description('write a sluice.yaml that says what was detected, to change it there')
    .option('--force', 'replace the one that is there')
    .action(async (directory: string | undefined, { force }: { force?: boolean }, command: Command) => {
      const context = contextOf(command)
      const folder = path.resolve(directory ?? '.')
      const [plan, { starterFile }] = await Promise.all([
        planFolder(folder),
        import('../../plan/starter-file.ts'),
      ])
      const file = path.join(folder, 'sluice.yaml')
      const text = starterFile(plan)
      if (force || context.yes) writeFileSync(file, text)
      else writeNew(file, text)
      context.answer({ file }, () => file)
      context.note('Keep of it what you want to be fixed; the rest is detected at each deployment.')
    })
}

/** @throws CliError when there is one: what somebody has written is not lost unasked */
function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EEXIST') throw new CliError(`${file} cannot be written (${code}).`)
    throw new CliError(`${file} is there already, and was left as it is.`, {
      next: 'Run it with --force to replace it; `sluice plan` shows what is detected.',
    })
  }
}
