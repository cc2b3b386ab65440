import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { gitSource } from '../../adapters/source/git/index.ts'
import { temporaryFolder } from './repositories.ts'

/** Answers each connection with a line that is not ssh, and keeps what the client said. */
async function listen(): Promise<{ port: number; heard: Promise<string> }> {
  let hear: (text: string) => void
  const heard = new Promise<string>((resolve) => (hear = resolve))
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {})
    socket.once('data', (chunk) => {
      hear(chunk.toString('latin1'))
      socket.destroy()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { port: (server.address() as { port: number }).port, heard }
}

it('ssh connects to the address that was checked, and a refusal names the repository', async () => {
  const { port, heard } = await listen()
  const source = gitSource({
    mirrors: path.join(temporaryFolder(), 'mirrors'),
    sourceRoots: [],
    privateHosts: ['forge.test'],
    lookup: async () => [{ address: '127.0.0.1', family: 4 }],
    ssh: { identityFile: '/nonexistent/key', knownHostsFile: '/nonexistent/known_hosts' },
  })
  const url = `ssh://git@forge.test:${port}/shop.git`
  const resolving = source.resolve({ serviceId: 'shop', url, credentials: null }, 'main')
  await expect(resolving).rejects.toMatchObject({
    code: 'RepositoryUnreachable',
    message: expect.stringContaining(url) as string,
  })
  expect(await heard).toMatch(/^SSH-2\.0-/)
})
