/** `NAME=value` lines as a `.env` file has them: comments, `export`, quotes around a value. */
export function variablesIn(text: string): [name: string, value: string][] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim().replace(/^export\s+/, ''))
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const at = line.indexOf('=')
      return at < 0 ? [line, ''] : [line.slice(0, at).trim(), unquoted(line.slice(at + 1).trim())]
    })
}

function unquoted(value: string): string {
  const [, quote, inner = ''] = /^(["'])([\s\S]*)\1$/.exec(value) ?? []
  if (!quote) return value
  return quote === '"' ? inner.replaceAll(String.raw`\n`, '\n') : inner
}
