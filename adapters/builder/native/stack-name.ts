/** Stacks of the field by the C library that their programs were linked with, newest first. */
const stacks = [
  { name: 'heroku-24', glibc: 39 },
  { name: 'heroku-22', glibc: 35 },
  { name: 'heroku-20', glibc: 31 },
] as const

/** What STACK says to buildpacks: the newest stack whose programs this machine can run. */
export function stackName(glibc: string | undefined = ofThisMachine()): string {
  const minor = Number(/^2\.(\d{1,3})/.exec(glibc ?? '')?.[1] ?? Infinity)
  return (stacks.find((stack) => minor >= stack.glibc) ?? stacks.at(-1)!).name
}

function ofThisMachine(): string | undefined {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } }
  return report.header?.glibcVersionRuntime
}
