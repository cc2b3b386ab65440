import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'
import type { Push, RefUpdate, Tell } from '../../../ports/pushed-repositories.ts'

/** Refs in one push; more are refused. */
const refsAtOnce = 1000

/** Talks with the hooks of one push until git has ended. */
export async function attendHooks(channel: Duplex, push: Push, gone: AbortSignal): Promise<void> {
  channel.on('error', () => {}) // git has gone, and its hooks with it
  const tell = teller(channel)
  try {
    await attend(channel, push, tell, gone)
  } finally {
    // Whatever went wrong here: a hook is not left waiting, and one without a verdict refuses.
    channel.destroy()
  }
}

async function attend(channel: Duplex, push: Push, tell: Tell, gone: AbortSignal): Promise<void> {
  for await (const { hook, updates, tooMany } of announcements(channel)) {
    if (hook === 'pre-receive') {
      const accepted = await judged(push, updates, tooMany, (line) => tell(`|${line}`))
      await tell(accepted ? 'accept' : 'refuse')
    } else {
      await push.changed(updates, tell, gone)
      channel.end()
    }
  }
}

async function judged(push: Push, updates: RefUpdate[], tooMany: boolean, tell: Tell): Promise<boolean> {
  if (!tooMany) return push.judge(updates, tell)
  await tell(`More than ${refsAtOnce} branches and tags at once are refused. Push them in parts.`)
  return false
}

function teller(channel: Duplex): Tell {
  return async (line) => {
    if (channel.destroyed || channel.writableEnded) return
    if (channel.write(`${line.replaceAll(/[\r\n]/g, ' ')}\n`)) return
    await Promise.race([once(channel, 'drain'), once(channel, 'close')])
  }
}

interface Announcement {
  hook: string
  updates: RefUpdate[]
  tooMany: boolean
}

/** The name of a hook, a line for each ref, an empty line. */
async function* announcements(channel: Duplex): AsyncGenerator<Announcement> {
  let current: Announcement | undefined
  for await (const line of createInterface({ input: channel, crlfDelay: Infinity })) {
    if (!current) current = { hook: line, updates: [], tooMany: false }
    else if (line === '') {
      yield current
      current = undefined
    } else if (current.updates.length >= refsAtOnce) current.tooMany = true
    else current.updates.push(parseUpdate(line))
  }
}

/** `<before> <after> <ref>`; only zeros stand for none. */
function parseUpdate(line: string): RefUpdate {
  const [before = '', after = '', ...ref] = line.split(' ')
  const orNull = (object: string) => (/^0+$/.test(object) ? null : object)
  return { ref: ref.join(' '), before: orNull(before), after: orNull(after) }
}
