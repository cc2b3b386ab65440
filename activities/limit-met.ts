import { defaultLimits, type LimitName, type Limits, sizeWords } from '../contract/limits.ts'

/** The failure of a command or a service that met one of its limits; the message follows its name. */
export function limitMet(
  limit: LimitName,
  { memory, processes }: Limits = defaultLimits,
): { code: 'OutOfMemory' | 'TooManyProcesses'; message: string } {
  if (limit === 'processes') {
    return {
      code: 'TooManyProcesses',
      message: `started more than the ${processes} processes and threads that it may have.`,
    }
  }
  return {
    code: 'OutOfMemory',
    message:
      memory === null
        ? 'was killed because the host ran out of memory.'
        : `was killed because it needed more than its ${sizeWords(memory)} of memory.`,
  }
}

/** The same, behind another reason. */
export const limitWord = (limit: LimitName | null): string =>
  limit === null ? '' : ` (it had met its limit of ${limit})`
