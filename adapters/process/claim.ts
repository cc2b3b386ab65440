import { readFile } from 'node:fs/promises'
import { createDurable } from '../files/durable.ts'
import type { ProcessIdentity } from './identity.ts'

/**
 * Who may run: a file that a shell makes as its first act (`claim.sh`). While it is absent another shell may be
 * started, for only one of them gets it; once it is there nobody else ever runs.
 */
export type Claim = { kind: 'open' } | { kind: 'revoked' } | { kind: 'taken'; by: ProcessIdentity }

export async function readClaim(file: string): Promise<Claim> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'open' }
    throw error
  }
  const [pid = '', start = '', boot = ''] = text.split('\n')
  // After a power loss the file may be empty; whoever made it is gone then.
  if (!/^[1-9]\d*$/.test(pid) || !start) return { kind: 'revoked' }
  return { kind: 'taken', by: { pid: Number(pid), start, boot } }
}

/** From now on no shell gets the claim. False when one has it already. */
export const revokeClaim = (file: string): Promise<boolean> =>
  createDurable(file, 'revoked\n', { mode: 0o600 })
