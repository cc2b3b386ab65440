import { shellWord } from '../detection.ts'
import type { Detector } from '../detection.ts'
import { javaTool } from './java-version.ts'
import { javaOptions } from './maven.ts'

/** Gradle, by its wrapper where the project carries one. */
export const gradle: Detector = {
  technology: 'java',
  detect(folder) {
    const file = folder.first('build.gradle', 'build.gradle.kts')
    if (file === undefined) return undefined
    const text = (folder.text(file) ?? '').slice(0, 256 * 1024)
    const wrapped = folder.has('gradlew') && folder.has('gradle/wrapper/gradle-wrapper.properties')
    const cli = wrapped ? 'sh ./gradlew' : 'gradle'
    const settings = folder.text('settings.gradle') ?? folder.text('settings.gradle.kts') ?? ''
    const name = /^rootProject\.name\s?=\s?['"]([A-Za-z0-9._-]{1,100})['"]/m.exec(settings)?.[1]
    const release =
      /languageVersion\s?(?:=|\.set\()\s?JavaLanguageVersion\.of\((\d{1,2})\)/.exec(text)?.[1] ??
      /sourceCompatibility\s?=\s?(?:JavaVersion\.VERSION_|['"])?(\d{1,2}(?:\.\d)?)/.exec(text)?.[1]
    const version = javaTool(folder, { where: file, version: release })
    const bundled = /org\.springframework\.boot|shadow|io\.quarkus/.test(text)
    // The plugin `application` makes a start script with every library beside it.
    const installs = !bundled && /\bapplication\b/.test(text) && name !== undefined
    const options = javaOptions((words) =>
      text.includes(words === 'spring-boot' ? 'org.springframework.boot' : words),
    )
    return {
      technology: 'java',
      reasons: [
        `${file}: a Gradle project`,
        ...(wrapped ? ['gradlew brings the version of Gradle along'] : []),
      ],
      warnings: version.warnings,
      startWarnings: [
        ...(bundled || installs
          ? []
          : [`Nothing in ${file} makes a jar that runs by itself: java -jar may refuse it.`]),
      ],
      install: null,
      build: {
        command: `${cli} --no-daemon ${installs ? 'installDist' : 'build'} -x test`,
        reason: `${file}; tests are for before a deploy`,
      },
      start: installs
        ? {
            command: `build/install/${shellWord(name)}/bin/${shellWord(name)}`,
            reason: `the application plugin in ${file}`,
          }
        : text.includes('io.quarkus')
          ? {
              command: `java $JAVA_OPTS${options} -jar build/quarkus-app/quarkus-run.jar`,
              reason: 'Quarkus builds this',
            }
          : {
              command: `java $JAVA_OPTS${options} -jar "$(ls build/libs/*.jar | grep -v -e '-plain\\.jar$' -e '-sources\\.jar$' | head -n 1)"`,
              reason: 'the jar of build/libs that is not -plain',
            },
      tools: [
        version.tool,
        ...(wrapped ? [] : [{ name: 'gradle', version: null, reason: `${file} without a wrapper` }]),
      ],
      path: [],
      environment: {},
      buildEnvironment: {},
      suggestions: [],
    }
  },
}
