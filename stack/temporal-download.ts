// Run as a program: downloads the Temporal CLI into the folder named by the first argument.
import { TestWorkflowEnvironment } from '@temporalio/testing'

try {
  const server = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir: process.argv[2]! } },
  })
  await server.teardown()
  process.exit(0)
} catch (error) {
  process.stderr.write(`${(error as Error).message.replaceAll('\n', ' ')}\n`)
  process.exit(1)
}
