import type { Deployment } from '../contract/deployment.ts'
import type { ArchiveBody } from './archive-body.ts'
import type { Client } from './client.ts'
import type { Context } from './context.ts'
import { environmentPath } from './paths.ts'

/** Milliseconds between two lines of progress. */
const saidEvery = 5_000

/** Sends an archive and answers the deployment of it. Nothing is sent for an environment that is not there. */
export async function upload(
  context: Context,
  client: Client,
  target: { service: string; environment: string },
  { name, size, content }: ArchiveBody,
): Promise<Deployment> {
  const at = environmentPath(target.service, target.environment)
  await client.get(at)
  context.note(`Sending ${name}${size === undefined ? '' : ` (${mebibytes(size)})`} …`)
  const counted = counting(content, (sent) =>
    context.note(`  ${mebibytes(sent)}${size === undefined ? '' : ` of ${mebibytes(size)}`} sent`),
  )
  return client.upload<Deployment>(`${at}/archives?name=${encodeURIComponent(name)}`, counted)
}

async function* counting(
  content: AsyncIterable<Uint8Array>,
  say: (sent: number) => void,
): AsyncGenerator<Uint8Array> {
  let sent = 0
  let saidAt = Date.now()
  for await (const chunk of content) {
    yield chunk
    sent += chunk.length
    if (Date.now() - saidAt < saidEvery) continue
    saidAt = Date.now()
    say(sent)
  }
  say(sent)
}

const mebibytes = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MiB`
