import { readFileSync } from 'node:fs'
import path from 'node:path'
import { cacheUsageFile, type CacheUsage } from '../../contract/cache-usage.ts'
import { homePaths, type Settings } from '../../contract/settings.ts'
import { ok, type Check } from './check.ts'

/** What the agent saw last; nothing before its first look, or where this user may not see it. */
export function checkCaches({ home }: Pick<Settings, 'home'>): Check[] {
  const usage = usageIn(homePaths(home).caches)
  if (!usage) return []
  const limit = (bytes: number) => (bytes === 0 ? 'no limit' : said(bytes))
  const detail = `builds keep ${said(usage.bytes)} (at most ${limit(usage.all)}, of one service ${limit(usage.service)})`
  return [ok('Caches', detail)]
}

function usageIn(caches: string): CacheUsage | undefined {
  try {
    return JSON.parse(readFileSync(path.join(caches, cacheUsageFile), 'utf8')) as CacheUsage
  } catch {
    return undefined
  }
}

const gibibyte = 1024 ** 3

const said = (bytes: number): string =>
  bytes >= gibibyte ? `${(bytes / gibibyte).toFixed(1)} GiB` : `${Math.floor(bytes / 1024 ** 2)} MiB`
