import { shellWord } from '../detection.ts'
import type { Detector, PlannedCommand } from '../detection.ts'
import { javaTool } from './java-version.ts'

/** Serves a war without a server of its own. Measured: 9.0.85.0 works, 9.0.89.0 answers 500. */
const runner = { artifact: 'com.heroku:webapp-runner', version: '9.0.85.0' }
const place = '.sluice'

/** Maven fetches the runner and checks it against the repository's own sums. */
export const runnerInstall = (wrapped: boolean): PlannedCommand => ({
  command: `${wrapped ? 'sh ./mvnw' : 'mvn'} -B dependency:copy -Dartifact=${runner.artifact}:${runner.version} -DoutputDirectory=${place} -Dmdep.stripVersion=true`,
  reason: 'a war needs a server: webapp-runner',
})

export const serveWar = (war: string, reason: string): PlannedCommand => ({
  command: `java $JAVA_OPTS -jar ${place}/webapp-runner.jar --port "$PORT" ${war.includes('*') ? war : shellWord(war)}`,
  reason,
})

/** A jar or war without a build file: it was built elsewhere. */
export const archive: Detector = {
  technology: 'java',
  detect(folder) {
    const top = folder.paths().filter((path) => /^[^/]+\.(?:jar|war)$/.test(path))
    const jars = top.filter((path) => path.endsWith('.jar'))
    const exploded = folder.has('WEB-INF/web.xml') || folder.hasFolder('WEB-INF/classes')
    const war = exploded ? '.' : top.find((path) => path.endsWith('.war'))
    if (war === undefined && jars.length !== 1) return undefined
    const version = javaTool(folder, { where: exploded ? 'WEB-INF' : (war ?? jars[0]!), version: undefined })
    const serves = war !== undefined
    return {
      technology: 'java',
      reasons: [
        serves
          ? `${exploded ? 'WEB-INF' : war}: a web application of Java, built elsewhere`
          : `${jars[0]}: a program of Java, built elsewhere`,
      ],
      warnings: [
        ...version.warnings,
        ...(top.length > 1 ? [`Several archives (${top.slice(0, 5).join(', ')}): set start to choose.`] : []),
      ],
      install: serves ? runnerInstall(false) : null,
      build: null,
      start: serves
        ? serveWar(war, `${exploded ? 'WEB-INF' : war} needs a server`)
        : {
            command: `java $JAVA_OPTS -jar ${shellWord(`./${jars[0]}`)}`,
            reason: `${jars[0]} is the only jar`,
          },
      tools: [
        version.tool,
        ...(serves ? [{ name: 'mvn', version: null, reason: 'fetches webapp-runner' }] : []),
      ],
      path: [],
      environment: {},
      buildEnvironment: {},
      suggestions: [],
    }
  },
}
