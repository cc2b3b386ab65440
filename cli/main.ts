import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createProgram } from './program.ts'
import { reportFailure } from './report-failure.ts'

const { version } = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '..', 'package.json'), 'utf8'),
) as {
  version: string
}

// A reader that went away (`sluice logs | head`) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
})
// The launcher holds the other end: when it is killed, this process would run on unseen.
const launcherGone = () => process.kill(process.pid, 'SIGTERM')
process.once('disconnect', launcherGone)
process.channel?.unref()

const args = process.argv.slice(2)
try {
  const program = await createProgram(args, version)
  await program.parseAsync(args, { from: 'user' })
} catch (error) {
  process.exitCode = await reportFailure(error, args)
} finally {
  process.off('disconnect', launcherGone)
  if (process.connected) process.disconnect()
}
