import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { request } from 'undici'
import type { Sluice } from './sluice.ts'

/** What a deployment has left on the host: release folder, jobs, instance record, processes, port. Empty is clean. */
export function remainsOf(sluice: Sluice, id: string): string[] {
  const [service, environment, number] = id.split('.') as [string, string, string]
  const at = path.join(service, environment)
  const folders = [
    path.join('environments', at, 'releases', number),
    path.join('jobs', at, number),
    path.join('instances', at, number),
  ].filter((folder) => exists(path.join(sluice.home, folder)))
  const instance = `${service}/${environment}/${number}`
  return [...folders, ...processesWith(sluice, instance), ...portsOf(sluice, instance)]
}

/** Ports that are kept for an instance. */
function portsOf(sluice: Sluice, instance: string): string[] {
  const register = path.join(sluice.home, 'instances', '.ports')
  if (!exists(register)) return []
  return readdirSync(register)
    .filter((port) => readFileSync(path.join(register, port), 'utf8').trim() === instance)
    .map((port) => `port ${port}`)
}

/** Processes of this Sluice (there may be others) that carry a mark in their environment, as all of a release or a job do. */
export function processesWith({ home }: Pick<Sluice, 'home'>, mark: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8')
        if (!environment.includes(home)) return false
        return environment.split('\0').some((pair) => {
          const value = pair.slice(pair.indexOf('=') + 1)
          return /^SLUICE_(INSTANCE|JOB)=/.test(pair) && (value === mark || value.startsWith(`${mark}/`))
        })
      } catch {
        return false
      }
    })
    .map((pid) => `process ${pid}: ${commandOf(pid)}`)
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return 'gone'
  }
}

function exists(folder: string): boolean {
  try {
    readdirSync(folder)
    return true
  } catch {
    return false
  }
}

/** Asks a service all the time; what it did not answer as it should is in `wrong`. */
export function keepAsking(sluice: Sluice, host: string, expected: (text: string) => boolean, everyMs = 10) {
  const wrong: string[] = []
  let asked = 0
  let going = true
  const done = (async () => {
    while (going) {
      asked++
      try {
        const answer = await request(`http://127.0.0.1:${sluice.routerPort}/`, { headers: { host } })
        const text = await answer.body.text()
        if (answer.statusCode !== 200 || !expected(text))
          wrong.push(`${answer.statusCode} ${text.slice(0, 200)}`)
      } catch (error) {
        wrong.push(String(error))
      }
      await new Promise((resolve) => setTimeout(resolve, everyMs))
    }
  })()
  return {
    async stop(): Promise<{ asked: number; wrong: string[] }> {
      going = false
      await done
      return { asked, wrong }
    },
  }
}
