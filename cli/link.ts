import { readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { ownFile, writeOwnFile } from './own-file.ts'

/** What the commands mean in a folder, and below it, when they are told no names. */
export interface Link {
  service: string
  environment: string
}

type Links = Record<string, Link>

export const linksFile = (env: NodeJS.ProcessEnv = process.env): string => ownFile('links.json', env)

/** The link of the folder, or of the nearest one above it that has one. */
export function linkOf(folder = process.cwd(), file = linksFile()): (Link & { folder: string }) | undefined {
  const links = readLinks(file)
  for (let at = realpathSync(folder); ; at = path.dirname(at)) {
    const link = Object.hasOwn(links, at) ? links[at] : undefined
    if (link) return { ...link, folder: at }
    if (at === path.dirname(at)) return undefined
  }
}

export function writeLink(link: Link, folder = process.cwd(), file = linksFile()): void {
  const { service, environment } = link
  writeOwnFile(file, { ...readLinks(file), [realpathSync(folder)]: { service, environment } })
}

export function removeLink(folder: string, file = linksFile()): void {
  const { [folder]: _removed, ...others } = readLinks(file)
  writeOwnFile(file, others)
}

function readLinks(file: string): Links {
  try {
    const links = JSON.parse(readFileSync(file, 'utf8')) as Links
    return typeof links === 'object' && links !== null ? links : {}
  } catch {
    return {}
  }
}
