import type { PlannedPack } from '../contract/plan.ts'
import { releaseId } from '../contract/names.ts'
import type { DeployInput, StepReport } from '../contract/workflows.ts'
import type { Builder, PackPart, StepResult } from '../ports/builder.ts'
import type { Ports } from '../ports/index.ts'
import type { OpenedPack } from '../ports/packs.ts'
import { readPackRelease, withPackRelease, type PackRelease } from './pack-release.ts'
import type { ReleaseContext } from './release-context.ts'
import { toolchainOf } from './require-tools.ts'
import { succeeded } from './run-command.ts'
import { expected } from './typed-failure.ts'

type PackPorts = Pick<Ports, 'builder' | 'store' | 'releases' | 'packs'>
type Work = Parameters<Builder['run']>[1]

/**
 * Runs the buildpacks of the plan one after the other on the release folder, and completes the plan with what the last
 * of them says. Safe to repeat: each of their programs is a job of its own, and an attempt after a crash attaches to
 * those that have run.
 */
export async function buildPacks(
  ports: PackPorts,
  input: DeployInput,
  context: ReleaseContext,
  signal: AbortSignal,
): Promise<StepReport> {
  const { plan, variables, secretValues } = context
  const packs = plan.packs ?? []
  const toolchain = await toolchainOf(ports, input)
  const timeoutMs = plan.buildTimeoutMs
  const work = { release: input, plan, variables, secretValues, toolchain, timeoutMs, signal }
  let release: PackRelease | undefined
  for (const [index, pack] of packs.entries()) {
    if (pack.url === null) {
      await runOwn(ports, pack, index, work)
      release = undefined
    } else {
      const opened = await openPack(ports, pack)
      release = (await runClassic(ports, pack, { opened, index, count: packs.length }, work)) ?? release
    }
  }
  const completed = withPackRelease(plan, release)
  if (completed.start.command === '') throw noStart(packs.at(-1)!)
  const { serviceId, environment, releaseNumber } = input
  await ports.store.releases.planned(releaseId(serviceId, environment, releaseNumber), completed)
  return { detail: packs.map(({ name }) => name).join(', ') }
}

type PackWork = Omit<Work, 'command' | 'pack' | 'after' | 'job'>

/** The commands of one of Sluice's own, with what those before it have exported. */
async function runOwn(
  { builder }: PackPorts,
  { name, install, build }: PlannedPack,
  index: number,
  work: PackWork,
): Promise<void> {
  const commands = [install, build].flatMap((one) => (one ? [`(${one.command})`] : []))
  if (commands.length === 0) return
  const command = commands.join(' && ')
  const result = await builder.run('build', { ...work, command, after: index, job: `build-${index}` })
  succeeded(result, { command: `${name}: ${command}`, failure: 'BuildFailed', ...work })
}

interface Place {
  opened: OpenedPack
  index: number
  count: number
}

async function runClassic(
  { builder }: PackPorts,
  { name }: PlannedPack,
  { opened, index, count }: Place,
  work: PackWork,
): Promise<PackRelease | undefined> {
  const { directory } = opened
  const run = (program: PackPart['program']): Promise<StepResult> =>
    builder.run('build', {
      ...work,
      command: `bin/${program}`,
      job: `build-${index}-${program}`,
      pack: { program, name, directory, index, count },
    })
  const shown = (program: PackPart['program']) => ({
    command: `bin/${program} of ${name}`,
    failure: 'BuildFailed' as const,
    ...work,
  })
  const detected = await run('detect')
  if (isNo(detected))
    throw expected(
      'PackNotDetected',
      `The buildpack ${name} does not recognise the source.\n${detected.tail}`,
    )
  succeeded(detected, shown('detect'))
  succeeded(await run('compile'), shown('compile'))
  if (!opened.hasRelease) return undefined
  const released = await run('release')
  succeeded(released, shown('release'))
  try {
    return readPackRelease(released.tail)
  } catch (error) {
    throw expected(
      'BuildFailed',
      `bin/release of ${name} cannot be read: ${(error as Error).message}.\n${released.tail}`,
    )
  }
}

/** bin/detect ran to its end and said no; 125 is kept for a buildpack that could not be copied. */
const isNo = (result: StepResult): boolean =>
  result.noRoom === undefined &&
  result.outcome === 'exited' &&
  result.exitCode !== 0 &&
  result.exitCode !== 125 &&
  result.signal === null &&
  result.limit === null

async function openPack({ packs }: PackPorts, { name, url, pin }: PlannedPack): Promise<OpenedPack> {
  const opened = pin === null || url === null ? undefined : await packs.open(url, pin)
  if (opened) return opened
  throw expected('PackUnavailable', `The buildpack ${name} (${pin}) is not on this host any more. Retry.`)
}

const noStart = ({ name }: PlannedPack) =>
  expected(
    'NoPlan',
    `Nothing says how to start the service: neither a Procfile, nor start in sluice.yaml, nor default_process_types of bin/release of ${name} names web.`,
  )
