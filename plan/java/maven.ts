import type { Detector, PlannedCommand } from '../detection.ts'
import type { Folder } from '../folder.ts'
import { javaTool } from './java-version.ts'
import { readPom } from './pom.ts'
import type { Pom } from './pom.ts'
import { runnerInstall, serveWar } from './war.ts'

/** Options by which a framework learns its port: none of them reads PORT. */
const portOptions: readonly (readonly [mention: string, option: string])[] = [
  ['spring-boot', '-Dserver.port="$PORT" -Dserver.address="$HOST"'],
  ['io.quarkus', '-Dquarkus.http.port="$PORT" -Dquarkus.http.host="$HOST"'],
  ['micronaut', '-Dmicronaut.server.port="$PORT" -Dmicronaut.server.host="$HOST"'],
]

export const javaOptions = (mentions: (text: string) => boolean): string => {
  const found = portOptions.find(([mention]) => mentions(mention))
  return found ? ` ${found[1]}` : ''
}

/** Maven, by its wrapper where the project carries one. */
export const maven: Detector = {
  technology: 'java',
  detect(folder) {
    const pom = readPom(folder)
    if (!pom) return undefined
    const wrapped = folder.has('mvnw') && folder.has('.mvn/wrapper/maven-wrapper.properties')
    const version = javaTool(folder, { where: 'pom.xml', version: pom.javaVersion })
    const start = startOf(folder, pom)
    const war = pom.packaging === 'war' && !pom.mentions('spring-boot')
    return {
      technology: 'java',
      reasons: ['pom.xml: a Maven project', ...(wrapped ? ['mvnw brings the version of Maven along'] : [])],
      warnings: version.warnings,
      startWarnings: start.warnings,
      install: war ? runnerInstall(wrapped) : null,
      build: {
        command: `${wrapped ? 'sh ./mvnw' : 'mvn'} -B -DskipTests package`,
        reason: 'pom.xml; tests are for before a deploy',
      },
      start: start.start,
      ...(start.noStart === undefined ? {} : { noStart: start.noStart }),
      tools: [
        version.tool,
        ...(wrapped && !war ? [] : [{ name: 'mvn', version: null, reason: 'pom.xml without a wrapper' }]),
      ],
      path: [],
      environment: {},
      buildEnvironment: {},
      suggestions: [],
    }
  },
}

interface Choice {
  start: PlannedCommand | null
  noStart?: string
  warnings: string[]
}

function startOf(folder: Folder, pom: Pom): Choice {
  if (pom.modules.length > 0)
    return {
      start: null,
      noStart: `pom.xml builds several modules (${pom.modules.slice(0, 5).join(', ')}): set start to the one that serves`,
      warnings: [],
    }
  const options = javaOptions(pom.mentions)
  if (pom.mentions('quarkus-maven-plugin'))
    return {
      start: {
        command: `java $JAVA_OPTS${options} -jar target/quarkus-app/quarkus-run.jar`,
        reason: 'Quarkus builds this',
      },
      warnings: [],
    }
  const name = pom.finalName ?? (pom.artifactId && pom.version && `${pom.artifactId}-${pom.version}`)
  if (pom.packaging === 'war' && !pom.mentions('spring-boot'))
    return {
      start: serveWar(name ? `target/${name}.war` : 'target/*.war', 'pom.xml packages a war'),
      warnings: [],
    }
  const jar = `target/${name ?? '*'}.${pom.packaging === 'war' ? 'war' : 'jar'}`
  const runnable = [
    'spring-boot-maven-plugin',
    'maven-shade-plugin',
    'maven-assembly-plugin',
    'mainClass',
    'micronaut',
  ].some(pom.mentions)
  return {
    start: { command: `java $JAVA_OPTS${options} -jar ${jar}`, reason: `pom.xml builds ${jar}` },
    warnings: runnable
      ? []
      : [
          'Nothing in pom.xml gives the jar a main class (mainClass, the shade or the Spring Boot plugin): java -jar may refuse it.',
        ],
  }
}
