/** A guide as a page. Knows the Markdown that the guides use: headings, lists, tables, code, links, emphasis. */
export function guidePage(markdown: string): string {
  const title = /^# (.+)$/m.exec(markdown)?.[1] ?? 'Guide'
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${escape(title)}</title>
    <link rel="stylesheet" href="/guides/style.css">
  </head>
  <body>
${blocks(markdown).map(block).join('\n')}
  </body>
</html>
`
}

/** As GitHub makes it, so that links lead to the same place in both. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-')

/** Divides at empty lines, but not inside fenced code. */
function blocks(markdown: string): string[] {
  const found = markdown.matchAll(
    /^```[^\n]*\n[\s\S]*?^```$|^#{1,6} .+$|^(?!```|#{1,6} )\S.*(?:\n(?!```|#{1,6} )(?!\s*$).+)*/gm,
  )
  return [...found].map(([text]) => text)
}

function block(text: string): string {
  const code = /^```[^\n]*\n([\s\S]*?)^```$/m.exec(text)
  if (code) return `<pre><code>${escape(code[1] ?? '')}</code></pre>`
  const heading = /^(#{1,6}) (.+)$/.exec(text)
  if (heading) return headingOf(heading[1]!.length, heading[2]!)
  if (/^\|.*\|\n\|[-| ]+\|/.test(text)) return table(text)
  if (/^[-*] /.test(text)) return `<ul>${items(text, /^[-*] /m)}</ul>`
  if (/^\d+\. /.test(text)) return `<ol>${items(text, /^\d+\. /m)}</ol>`
  return `<p>${inline(text)}</p>`
}

function table(text: string): string {
  const [head = [], , ...rows] = text.trim().split('\n').map(cellsOf)
  const row = (cells: string[], as: 'th' | 'td') =>
    `<tr>${cells.map((cell) => `<${as}>${inline(cell)}</${as}>`).join('')}</tr>`
  return `<table><thead>${row(head, 'th')}</thead><tbody>${rows.map((cells) => row(cells, 'td')).join('')}</tbody></table>`
}

const cellsOf = (line: string): string[] =>
  line
    .slice(1, line.lastIndexOf('|'))
    .split('|')
    .map((cell) => cell.trim())

const headingOf = (level: number, text: string) =>
  `<h${level} id="${anchorOf(text)}">${inline(text)}</h${level}>`

const items = (text: string, marker: RegExp) =>
  text
    .split(new RegExp(marker, 'gm'))
    .filter((item) => item.trim() !== '')
    .map((item) => `<li>${inline(item.trim())}</li>`)
    .join('')

function inline(text: string): string {
  return text
    .split(/(`[^`]+`)/)
    .map((part) =>
      /^`[^`]+`$/.test(part) ? `<code>${escape(part.slice(1, -1))}</code>` : emphasised(escape(part)),
    )
    .join('')
}

const emphasised = (escaped: string) =>
  escaped
    .replaceAll(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
    .replaceAll(/\[([^\]]+)\]\((?:\.\.\/)?([a-z-]+)\.md(#[a-z0-9-]+)?\)/g, '<a href="/guides/$2$3">$1</a>')
    .replaceAll(/&lt;(https?:\/\/[^\s&]+)&gt;/g, '<a href="$1">$1</a>')
    .replaceAll(/\[([^\]]+)\]\(((?:https?:\/\/|\/|#|\.)[^\s)]*)\)/g, '<a href="$2">$1</a>')

const escape = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
