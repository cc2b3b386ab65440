import { constants } from 'node:os'

const names = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]))

/** A shell reports an end by signal N as 128 + N; whether the command itself said so cannot be told apart. */
export const signalOf = (status: number): string | null => names.get(status - 128) ?? null
