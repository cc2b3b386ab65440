import pc from 'picocolors'
import { readableLine } from './readable-log.ts'
import type { Say } from './say.ts'

/** What `sluice up` shows: its own lines and those of its parts, in one form. */
export interface UpLog {
  say: Say
  /** A line that a part wrote. */
  line(part: string, line: string): void
  /** Text as it is, between the lines. */
  block(text: string): void
  /** Somebody reads it as it comes, and nothing keeps it. */
  isTerminal: boolean
}

/** An ordinary request: the server logs each, and most are somebody's polling. */
const routineRequest = /^\{"level":(30|"info"),.*"status":[23]\d\d,.*"msg":"request"/

export interface LogForm {
  /** Lines as JSON instead of text. */
  json: boolean
  color: boolean
}

export function upLog(output: NodeJS.WritableStream & { isTTY?: boolean }, { json, color }: LogForm): UpLog {
  const colors = pc.createColors(color)
  const line = (part: string, text: string) => {
    if (text.trim() === '') return
    if (!json && routineRequest.test(text)) return
    if (!json) output.write(`${readableLine(part, text, colors)}\n`)
    else
      output.write(
        text.startsWith('{') ? `${text}\n` : `${JSON.stringify({ ...stamp('info'), part, msg: text })}\n`,
      )
  }
  return {
    line,
    say: (part, text, { level = 'info', ...fields } = {}) =>
      line(part, JSON.stringify({ ...stamp(String(level)), part, msg: text, ...fields })),
    isTerminal: !json && output.isTTY === true,
    block: (text) => {
      if (!json) output.write(`${text}\n`)
    },
  }
}

const stamp = (level: string) => ({ level, time: new Date().toISOString() })
