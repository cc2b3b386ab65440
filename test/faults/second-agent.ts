import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Sluice } from '../e2e/sluice.ts'

const entry = path.join(import.meta.dirname, '..', '..', 'worker', 'agent.ts')

/** Another agent of the same host, with the environment of the one that runs. Resolves when it takes work. */
export async function startSecondAgent(sluice: Sluice): Promise<{ stop(): Promise<void> }> {
  const pairs = readFileSync(`/proc/${sluice.part('agent').pid}/environ`, 'utf8')
    .split('\0')
    .filter(Boolean)
  const env = Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  )
  // No channel to a parent: nobody's end ends it but ours.
  delete env['NODE_CHANNEL_FD']
  const child = spawn(process.execPath, [entry], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  let output = ''
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (output.includes('"msg":"ready"')) resolve()
    })
    child.once('exit', () => reject(new Error(`the second agent ended:\n${output}`)))
  })
  return {
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
