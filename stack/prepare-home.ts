// Run as a program: makes the folders of the home, where the parts are started one by one instead of by `sluice up`.
import { readSettings } from '../contract/settings.ts'
import { prepareHome } from './home.ts'
import { StackError } from './stack-error.ts'

try {
  prepareHome(readSettings().home)
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n${error instanceof StackError ? `${error.next}\n` : ''}`)
  process.exitCode = 1
}
