// The router process. Started by main.ts with the listening socket as descriptor 3; not to be started by hand.
import { keepCompiledCode } from './compile-cache.ts'
import { createControl } from './control.ts'
import { controlSocket } from './control-socket.ts'
import { createFront } from './front.ts'
import { log } from './log.ts'
import type { Order, Word } from './router-process.ts'
import { readSettings } from './settings.ts'
import { Traffic } from './traffic.ts'

const listeningDescriptor = 3
const overloadLogMs = 10_000

const settings = readSettings(process.env)
const traffic = new Traffic(settings)
const front = createFront(settings, (host) => traffic.find(host), onOverload)
const socket = controlSocket(settings.socketPath)
let port = 0
const control = createControl({ traffic, socket, port: () => port, connections: front.connections })

let leaving = false
let overloads = 0
let overloadLoggedAt = 0

const orders: Record<Order, () => void> = {
  go: () => void serve(),
  'hand over': () => void traffic.handOver().then(() => say('handed over')),
  resume: () => traffic.resume(),
  leave: () => void leave('replaced'),
}
process.on('message', (order: Order) => orders[order]())
process.on('SIGTERM', () => void leave('told to stop'))
process.on('SIGINT', () => {}) // a terminal sends it to the holder as well, which then decides
process.on('SIGHUP', () => {})
// Without the holder nobody would restart this process, and a new holder needs the port.
process.on('disconnect', () => void leave('the holder has gone'))
say('at your service')

async function serve(): Promise<void> {
  await traffic.load()
  await socket.open(control)
  port = await front.listen(listeningDescriptor)
  socket.takeOver()
  say('ready')
  log('router started', { address: settings.address, port, socket: settings.socketPath })
  keepCompiledCode()
}

async function leave(why: string): Promise<void> {
  if (leaving) return
  leaving = true
  if (port === 0) process.exit(0) // a spare
  const started = Date.now()
  log('router leaving', { why, connections: front.connections() })
  void traffic.handOver()
  socket.stepDown()
  await front.leave()
  traffic.targets.cutEverything()
  socket.close()
  log('router left', { afterMs: Date.now() - started })
  process.exit(0)
}

function say(word: Word): void {
  process.send?.(word, () => {})
}

function onOverload(): void {
  overloads++
  if (Date.now() - overloadLoggedAt < overloadLogMs) return
  overloadLoggedAt = Date.now()
  log('requests refused: too many in flight', { sinceLast: overloads })
  overloads = 0
}
