import type { Problem } from '../contract/problems.ts'
import { CliError } from './cli-error.ts'
import { exitCodes } from './exit-codes.ts'

/** An answer of the API that is an error. */
export class ApiProblem extends CliError {
  override name = 'ApiProblem'
  readonly problem: Problem
  constructor(problem: Problem, url: string) {
    super(sentenceOf(problem, url), {
      exitCode: problem.status === 401 || problem.status === 403 ? exitCodes.auth : exitCodes.error,
      ...(problem.status === 401 ? { next: tokenAdvice } : {}),
    })
    this.problem = problem
  }
}

const tokenAdvice = 'Set SLUICE_TOKEN. On the machine where Sluice runs, `sluice token` prints it.'

/** The sentence, the code, and every field and finding with where it is put right. */
function sentenceOf({ detail, title, code, errors = [], findings = [] }: Problem, url: string): string {
  const fields = errors.map(({ pointer, message }) => `\n    ${pointer}: ${message}`)
  const found = findings.map(
    ({ message, code: what, fix, link }) =>
      `\n    • ${message} (${what})${fix === null ? '' : `\n      ${fix}`}\n      ${new URL(link, url).href}`,
  )
  return `${detail || title} (${code})${fields.join('')}${found.join('')}`
}
