import { existsSync, readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { CliError } from '../cli-error.ts'
import { contextOf } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'

interface Fault {
  /** Null when it is about the whole file. */
  line: number | null
  pointer: string
  message: string
}

export function register(program: Command): void {
  program
    .command('validate [file]')
    .description('check a sluice.yaml without any server; says line and field of what does not fit')
    .action(async (given: string | undefined, _options: object, command: Command) => {
      const context = contextOf(command)
      const file = given ?? ['sluice.yaml', 'sluice.yml'].find((name) => existsSync(name)) ?? 'sluice.yaml'
      const faults = await faultsOf(file)
      const place = ({ line }: Fault) => (line === null ? file : `${file}:${line}`)
      context.answer({ file, valid: faults.length === 0, errors: faults }, () =>
        faults.length === 0
          ? `${file} fits.`
          : faults
              .map((fault) => `${place(fault)}: ${fault.pointer && `${fault.pointer}: `}${fault.message}`)
              .join('\n'),
      )
      if (faults.length > 0) process.exitCode = exitCodes.error
    })
}

async function faultsOf(file: string): Promise<Fault[]> {
  const [{ parseSluiceYaml }, { PlanError }] = await Promise.all([
    import('../../plan/sluice-yaml.ts'),
    import('../../contract/plan.ts'),
  ])
  try {
    parseSluiceYaml(textOf(file), file)
    return []
  } catch (error) {
    if (!(error instanceof PlanError)) throw error
    return error.details.map(({ pointer, message }) => {
      const [, line, rest] = /^(?:line (\d+): )?([^]*)$/.exec(message)!
      return { line: line === undefined ? null : Number(line), pointer, message: rest! }
    })
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    throw new CliError(`${file} cannot be read (${code}).`, { next: '`sluice init` writes one.' })
  }
}
