import type { Ports } from '../ports/index.ts'
import { awaitHealthy, candidateSpec } from './candidate.ts'
import { crashPoint } from './crash-point.ts'
import { keepSpec } from './kept-spec.ts'
import { keepOwnVariables } from './own-variables.ts'
import { asStep } from './step.ts'
import { expected } from './typed-failure.ts'

/** Safe to repeat: the runtime answers with the candidate that an earlier attempt has started. */
export const validateCandidate = (
  ports: Pick<Ports, 'store' | 'secrets' | 'runtime' | 'releases' | 'readiness'>,
) =>
  asStep('validate', ports, async (input, signal) => {
    const { releases, runtime, readiness } = ports
    if (!(await releases.exists(input)))
      throw expected('ReleaseGone', `Release ${input.releaseNumber} is not on the disk any more.`)
    await keepOwnVariables(ports.store, input)
    const { spec, plan, variables, secretValues } = await candidateSpec(ports, input)
    const started = Date.now()
    await Promise.all([runtime.start(spec), keepSpec(ports, input, spec)])
    await crashPoint('booted', input)
    const [{ port, tookMs }, unreachable] = await Promise.all([
      awaitHealthy(ports, input, { plan, secretValues, signal }).then((healthy) => ({
        port: healthy.port,
        tookMs: Date.now() - started,
      })),
      readiness.databases(variables, signal),
    ])
    if (unreachable.length > 0)
      throw expected('DatabaseUnreachable', unreachable.map(({ message }) => message).join('\n'))
    const health = plan.healthPath ? `, ${plan.healthPath} is healthy` : ''
    return { detail: `answers on port ${port} after ${tookMs} ms${health}` }
  })
