import type pc from 'picocolors'

export type Colors = ReturnType<typeof pc.createColors>

/** Fields that every line has, or that only machines read. */
const hidden = new Set(['level', 'time', 'msg', 'event', 'part', 'pid', 'hostname', 'v'])

const levelNames: Record<number, string> = {
  10: 'debug',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'error',
}

/**
 * A JSON line of a part as people read it: `12:00:01 agent     text key=value`. Anything else is shown as it is,
 * without the control characters that would act on a terminal.
 */
export function readableLine(part: string, line: string, colors: Colors, now = new Date()): string {
  const entry = parse(line)
  if (!entry) return `${head(part, now, colors)} ${harmless(line)}`
  const level = levelOf(entry['level'])
  const at = new Date(entry['time'] as string | number)
  const text = harmless(textOf(entry['msg'] ?? entry['event'] ?? ''))
  const fields = Object.entries(entry)
    .filter(([name, value]) => !hidden.has(name) && value !== undefined && value !== null)
    .map(([name, value]) => colors.dim(`${harmless(name)}=`) + fieldValue(value))
  const shown = level === 'error' ? colors.red(text) : level === 'warn' ? colors.yellow(text) : text
  return [head(part, Number.isNaN(at.getTime()) ? now : at, colors), shown, ...fields].join(' ')
}

function head(part: string, at: Date, colors: Colors): string {
  return `${colors.dim(at.toTimeString().slice(0, 8))} ${paint(part, colors)(part.padEnd(9))}`
}

const palette = ['cyan', 'magenta', 'green', 'blue', 'yellow'] as const

/** A part keeps its colour from line to line. */
function paint(part: string, colors: Colors): (text: string) => string {
  const sum = Buffer.from(part).reduce((total, byte) => total + byte, 0)
  return colors[palette[sum % palette.length]!]
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return undefined
  }
}

const levelOf = (level: unknown): string =>
  typeof level === 'number' ? (levelNames[level] ?? 'info') : String(level)

function fieldValue(value: unknown): string {
  const plain = harmless(textOf(value))
  return /[\s"=]/.test(plain) && typeof value === 'string' ? JSON.stringify(plain) : plain
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** C0 and C1 controls but tab: escape sequences in a logged text must not act. Newlines become visible. */
function harmless(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '').replaceAll('\n', ' ⏎ ')
}
