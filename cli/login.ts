import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** A Sluice elsewhere, and the token to use there. */
export interface Login {
  url: string
  token: string
}

export const loginFile = (env: NodeJS.ProcessEnv = process.env): string =>
  path.join(env['XDG_CONFIG_HOME'] || path.join(os.homedir(), '.config'), 'sluice', 'login.json')

/** Undefined when nobody has logged in. */
export function readLogin(file = loginFile()): Login | undefined {
  try {
    const { url, token } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Login>
    return typeof url === 'string' && typeof token === 'string' ? { url, token } : undefined
  } catch {
    return undefined
  }
}

/** For this user's eyes only, from the first byte on. */
export function writeLogin(login: Login, file = loginFile()): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.${process.pid}`
  writeFileSync(temporary, `${JSON.stringify(login, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' })
  renameSync(temporary, file)
}

export const removeLogin = (file = loginFile()): void => rmSync(file, { force: true })

/**
 * What a login adds to the settings: address and token, or the token alone where the same address was named. A token is
 * never sent to another address than the one it was given for, and never replaces one that was set.
 */
export function loginSettings(env: NodeJS.ProcessEnv, login: Login | undefined): Record<string, string> {
  if (!login) return {}
  const named = env['SLUICE_URL']
  const elsewhere = env['SLUICE_HOME'] || env['SLUICE_API_PORT']
  if (named ? !sameAddress(named, login.url) : elsewhere) return {}
  return { SLUICE_URL: login.url, ...(env['SLUICE_TOKEN'] ? {} : { SLUICE_TOKEN: login.token }) }
}

const sameAddress = (one: string, other: string): boolean =>
  URL.canParse(one) && new URL(one).origin === new URL(other).origin
