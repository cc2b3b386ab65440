import { failureCodes, type FailureCode } from '../contract/failures.ts'
import { stepNames, type StepName } from '../contract/vocabulary.ts'

const opening = `# When a deploy fails

A deployment that fails changes nothing for your visitors: the release that was live keeps serving, and what the failed
one had made is removed. The failure names its step and a code. Find the code below for what it means and what to do.

The whole output is in the log: \`sluice logs <deployment>\`. Once the cause is put right, deploy again or run
\`sluice retry <deployment>\`; both start from the beginning.
`

/** The guide `docs/guides/when-a-deploy-fails.md`: one section per code, in the order of the steps. */
export function failureGuide(): string {
  const codes = Object.keys(failureCodes) as FailureCode[]
  const ofStep = (step: StepName | undefined) => codes.filter((code) => failureCodes[code].step === step)
  const sections = [...stepNames.flatMap(ofStep), ...ofStep(undefined)].map(section)
  return [opening, ...sections].join('\n')
}

function section(code: FailureCode): string {
  const { step, means, hint } = failureCodes[code]
  const where = step ? `Step: **${step}**` : 'In any step'
  return `## ${headingOf(code)}\n\n${where} · code \`${code}\`\n\n${means}\n\n**What to do:** ${hint}\n`
}

/** Its anchor is the one that `failureLink` names. */
const headingOf = (code: FailureCode) =>
  code.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
