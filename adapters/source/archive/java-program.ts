import { Budget, tooManyEntries } from './budget.ts'
import { archiveLimits } from './options.ts'
import { plainParts } from './plain-name.ts'
import { listZip, whole, type ZipEntry } from './read-zip.ts'

/** Bytes of a manifest. */
const largestManifest = 1024 ** 2

/**
 * What a zip is called in a release when it is a program of Java, which is started as it is and not unpacked: a JAR
 * with a main class, or a WAR. A WAR with a main class brings its own server, and is a JAR. undefined for any other zip.
 * @throws ArchiveError
 */
export async function javaProgram(
  file: string,
  bytes: number,
  limit: number,
): Promise<'app.jar' | 'app.war' | undefined> {
  let entries = 0
  const budget = new Budget(bytes, limit, archiveLimits.jarEntries)
  let runs = false
  let serves = false
  for await (const one of listZip(file)) {
    budget.entry()
    entries++
    budget.spend(one.size)
    plainParts(one.path)
    serves ||= one.path.startsWith('WEB-INF/')
    if (one.path === 'META-INF/MANIFEST.MF') runs = await hasMainClass(one)
  }
  if (runs || serves) return runs ? 'app.jar' : 'app.war'
  if (entries > archiveLimits.entries) throw tooManyEntries(archiveLimits.entries)
  return undefined
}

async function hasMainClass({ size, entry, content }: ZipEntry): Promise<boolean> {
  if (size > largestManifest || entry.kind !== 'file') return false
  return /^Main-Class: *\S/im.test((await whole(content())).toString('utf8'))
}
