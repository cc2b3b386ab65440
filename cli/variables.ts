import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { CliError } from './cli-error.ts'
import { exitCodes } from './exit-codes.ts'

/** Variables as they are given to `env set`; those on the command line win over the file. @throws CliError */
export function readVariables(given: string[], envFile: string | undefined): Record<string, string> {
  const fromFile = envFile === undefined ? {} : (parseEnv(readText(envFile)) as Record<string, string>)
  return { ...fromFile, ...Object.fromEntries(given.map(readVariable)) }
}

function readVariable(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 0) return [text, fromOwnEnvironment(text)]
  const [name, value] = [text.slice(0, at), text.slice(at + 1)]
  if (value === '-') return [name, readFileSync(0, 'utf8').replace(/\n$/, '')]
  return [name, value.startsWith('@') ? readText(value.slice(1)).replace(/\n$/, '') : value]
}

/** A secret, from a file (`@file`) or from standard input (`-`): an argument would show in the list of processes. */
export function readSecret(source: string): string {
  if (source === '-') return readFileSync(0, 'utf8').trim()
  if (source.startsWith('@')) return readText(source.slice(1)).trim()
  throw new CliError('A secret is not given as an argument, where others can see it.', {
    exitCode: exitCodes.usage,
    next: 'Write @file, or - for standard input.',
  })
}

function fromOwnEnvironment(name: string): string {
  const value = process.env[name]
  if (value !== undefined) return value
  throw new CliError(
    `${name} has no value: write ${name}=value, or set ${name} in this command's environment.`,
    {
      exitCode: exitCodes.usage,
    },
  )
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CliError(`${file} cannot be read: ${(error as Error).message}`, { exitCode: exitCodes.usage })
  }
}
