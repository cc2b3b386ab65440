import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** A file that this command line keeps for its user. */
export const ownFile = (name: string, env: NodeJS.ProcessEnv = process.env): string =>
  path.join(env['XDG_CONFIG_HOME'] || path.join(os.homedir(), '.config'), 'sluice', name)

/** For this user's eyes only, from the first byte on. */
export function writeOwnFile(file: string, data: object): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.${process.pid}`
  writeFileSync(temporary, `${JSON.stringify(data, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' })
  renameSync(temporary, file)
}
