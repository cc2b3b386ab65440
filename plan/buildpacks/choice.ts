import { PlanError } from '../../contract/plan.ts'
import type { Config } from '../../contract/config.ts'
import type { Folder } from '../folder.ts'
import { officialAt, officialNamed, officialNames, type Official } from './official.ts'

/** Variables of the environment that say how to build. They never reach a buildpack. */
export const packVariables = ['BUILDPACK_URL', 'BUILDPACK_NAME', 'PROJECT_DIR'] as const

export type Variables = Readonly<Record<string, string>>

export interface PackCredentials {
  username: string
  password: string
}

/** A buildpack that somebody asked for. */
export interface ChosenPack {
  /** Fit for people: without credentials and query. */
  name: string
  reason: string
  official: Exclude<Official, 'multi'> | undefined
  url: string | null
  ref: string | null
  credentials: PackCredentials | null
}

interface Places {
  top: Folder
  folder: Folder
  config: Config
  /** Where `config` says it. */
  file: string
}

/**
 * Who is asked, strongest first: `buildpacks` of the configuration, BUILDPACK_URL, BUILDPACK_NAME, `.buildpacks`.
 * Undefined when nobody names one. @throws PlanError ConfigInvalid
 */
export function choosePacks(places: Places, variables: Variables): ChosenPack[] | undefined {
  const { config } = places
  const word = (name: string) => (variables[name] ?? config.environment?.[name])?.trim() || undefined
  if (config.buildpacks)
    return config.buildpacks.flatMap((text) => chosen(text, `buildpacks in ${places.file}`, places))
  const url = word('BUILDPACK_URL')
  if (url !== undefined) return chosen(url, 'BUILDPACK_URL', places)
  const name = word('BUILDPACK_NAME')
  if (name !== undefined) {
    if (!officialNamed(name)) throw unknownName(name, 'BUILDPACK_NAME')
    return chosen(name, 'BUILDPACK_NAME', places)
  }
  return listed(places)
}

const most = 20

function listed({ top, folder }: Places): ChosenPack[] | undefined {
  const text = folder.text('.buildpacks') ?? top.text('.buildpacks')
  if (text === undefined) return undefined
  const lines = text
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  if (lines.length === 0) return undefined
  if (lines.length > most)
    throw invalid('.buildpacks', `names ${lines.length} buildpacks, and ${most} are the most`)
  return lines.flatMap((line) => chosen(line, '.buildpacks', undefined))
}

/** `multi` stands for what `.buildpacks` lists; in that list itself it means nothing. */
function chosen(text: string, reason: string, places: Places | undefined): ChosenPack[] {
  if (/[\p{Cc}\s]/u.test(text) || text.length > 2000)
    throw invalid(reason, 'names a buildpack with a space or a control character in it')
  const { url, ref } = splitRef(text)
  // Whoever asks for one version of a buildpack gets that one.
  const official = officialNamed(url) ?? (ref === null ? officialAt(url) : undefined)
  if (official === 'multi') {
    const packs = places && listed(places)
    if (!packs) throw invalid(reason, `names ${shown(url)}, but there is no .buildpacks that lists any`)
    return packs
  }
  if (official) return [{ name: official.name, reason, official, url: null, ref: null, credentials: null }]
  if (!/^(?:https:\/\/|ssh:\/\/|file:\/\/\/|\/|[^@:/]+@[^@:/]+:)/.test(url)) throw unknownName(url, reason)
  return [{ name: shown(url), reason, official: undefined, ...credentialsOf(url, reason), ref }]
}

function splitRef(text: string): { url: string; ref: string | null } {
  const hash = text.indexOf('#')
  return hash < 0 ? { url: text, ref: null } : { url: text.slice(0, hash), ref: text.slice(hash + 1) || null }
}

function credentialsOf(text: string, reason: string): Pick<ChosenPack, 'url' | 'credentials'> {
  if (!text.startsWith('https://')) return { url: text, credentials: null }
  const url = URL.parse(text)
  if (!url) throw invalid(reason, 'names an address that is no url')
  const { username, password } = url
  if (!username && !password) return { url: text, credentials: null }
  url.username = ''
  url.password = ''
  try {
    const credentials = { username: decodeURIComponent(username), password: decodeURIComponent(password) }
    return { url: url.href, credentials }
  } catch {
    throw invalid(reason, 'names a url with a % that means nothing')
  }
}

const shown = (url: string): string => url.replace(/\/\/[^/@]*@/, '//').replace(/\?.*$/, '')

const unknownName = (name: string, where: string) =>
  invalid(
    where,
    `names the buildpack ${shown(name).slice(0, 100)}, which is neither a url nor one of ${officialNames()}`,
  )

function invalid(where: string, message: string): PlanError {
  return new PlanError('ConfigInvalid', `${where} ${message}.`, [{ pointer: '/buildpacks', message }])
}
