import type { Address, Target } from './address.ts'
import { converse } from './socket.ts'
import type { Conversation } from './socket.ts'
import { isCertificateError, placeOf, shortened, Unreachable } from './unreachable.ts'

/** AUTH when there is a password, then PING. */
export async function pingRedis(address: Address, target: Target, signal: AbortSignal): Promise<void> {
  try {
    await converse(target, { tls: address.tls, signal }, async (conversation) => {
      if (address.password !== '') await authenticate(conversation, address, target)
      const answer = await ask(conversation, 'PING')
      if (answer !== '+PONG') throw refusal(answer, target)
    })
  } catch (error) {
    // It speaks TLS, so it answers. The password is not sent to a server that cannot be identified.
    if (!isCertificateError(error)) throw error
  }
}

async function authenticate(
  conversation: Conversation,
  { user, password }: Address,
  target: Target,
): Promise<void> {
  if (user !== '' && (await ask(conversation, 'AUTH', user, password)) === '+OK') return
  // Before Redis 6 there were no users, and urls carried any name.
  const answer = await ask(conversation, 'AUTH', password)
  // Without a password it takes everyone; clients go on as well.
  if (answer !== '+OK' && !/without any password|no password is set/i.test(answer))
    throw refusal(answer, target)
}

async function ask(conversation: Conversation, ...words: string[]): Promise<string> {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`)
  conversation.send(`*${words.length}\r\n${parts.join('')}`)
  return conversation.receive((received) => {
    const end = received.indexOf('\r\n')
    return end < 0 ? undefined : { value: received.subarray(0, end).toString('utf8'), length: end + 2 }
  })
}

function refusal(answer: string, target: Target): Unreachable {
  if (answer.startsWith('-NOAUTH'))
    return new Unreachable('Redis asks for a password', 'Put it into the url: redis://:password@host.')
  if (/^-(WRONGPASS|ERR invalid password)/.test(answer))
    return new Unreachable('Redis refuses the password', 'Correct the password in the url.')
  if (answer.startsWith('-'))
    return new Unreachable(`Redis refuses: ${shortened(answer.slice(1))}`, 'Check the Redis server.')
  return new Unreachable(
    `${placeOf(target)} does not answer as Redis`,
    'Check that the port is the right one.',
  )
}
