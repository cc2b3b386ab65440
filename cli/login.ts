import { readFileSync, rmSync } from 'node:fs'
import { ownFile, writeOwnFile } from './own-file.ts'

/** A Sluice elsewhere, and the token to use there. */
export interface Login {
  url: string
  token: string
}

export const loginFile = (env: NodeJS.ProcessEnv = process.env): string => ownFile('login.json', env)

/** Undefined when nobody has logged in. */
export function readLogin(file = loginFile()): Login | undefined {
  try {
    const { url, token } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Login>
    return typeof url === 'string' && typeof token === 'string' ? { url, token } : undefined
  } catch {
    return undefined
  }
}

export const writeLogin = (login: Login, file = loginFile()): void => writeOwnFile(file, login)

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
