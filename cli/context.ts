import type { Command } from 'commander'
import pc from 'picocolors'
import { readSettings, type Settings } from '../contract/settings.ts'
import { CliError } from './cli-error.ts'
import { loginSettings, readLogin } from './login.ts'
import { exitCodes } from './exit-codes.ts'

export type Colors = ReturnType<typeof pc.createColors>

/** How this call talks with its user. Data goes to stdout, everything else to stderr. */
export interface Context {
  settings: Settings
  json: boolean
  quiet: boolean
  /** May redraw lines and show a spinner. */
  live: boolean
  /** May ask questions. */
  asks: boolean
  /** Answers every question with yes. */
  yes: boolean
  colors: Colors
  /** One line of data. */
  print(text: string): void
  /** The answer as data: JSON with --json, else the lines that `readable` makes of it. */
  answer<T>(data: T, readable: (data: T) => string): void
  /** One line of progress or advice; nothing with --quiet. */
  note(text: string): void
}

interface GlobalOptions {
  json?: boolean
  quiet?: boolean
  input?: boolean
  yes?: boolean
  url?: string
  home?: string
}

/** @throws CliError when a setting is wrong */
export function contextOf(command: Command): Context {
  const options = command.optsWithGlobals<GlobalOptions>()
  const { env } = process
  const onTerminal = process.stderr.isTTY && !isSet(env['CI'])
  const json = options.json === true
  const quiet = options.quiet === true
  const print = (text: string) => void process.stdout.write(`${text}\n`)
  return {
    settings: settingsOf(options, !ofThisMachine.has(command.name())),
    json,
    quiet,
    live: onTerminal && !quiet && env['TERM'] !== 'dumb',
    asks: onTerminal && process.stdin.isTTY && options.input !== false,
    yes: options.yes === true,
    colors: pc.createColors(wantsColor(process.stderr)),
    print,
    answer: (data, readable) => print(json ? JSON.stringify(data, undefined, 2) : readable(data)),
    note: (text) => {
      if (!quiet) process.stderr.write(`${text}\n`)
    },
  }
}

/** https://no-color.org: any value that is not empty switches colours off. */
export function wantsColor(output: { isTTY?: boolean }, env = process.env): boolean {
  if (isSet(env['NO_COLOR']) || env['TERM'] === 'dumb') return false
  return isSet(env['FORCE_COLOR']) ? env['FORCE_COLOR'] !== '0' : output.isTTY === true
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== ''

/** They are about the Sluice of this machine, whatever other one its user is logged in to. */
const ofThisMachine = new Set(['up', 'down', 'doctor', 'token', 'login'])

function settingsOf({ url, home }: GlobalOptions, mayBeRemote: boolean): Settings {
  try {
    const environment = {
      ...process.env,
      ...(url === undefined ? {} : { SLUICE_URL: url }),
      ...(home === undefined ? {} : { SLUICE_HOME: home }),
    }
    const login = mayBeRemote ? loginSettings(environment, readLogin()) : {}
    return readSettings({ ...environment, ...login })
  } catch (error) {
    throw new CliError((error as Error).message, { exitCode: exitCodes.usage })
  }
}
