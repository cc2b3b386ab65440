import { STATUS_CODES } from 'node:http'

/** Far more than git writes. */
const headLimit = 16 * 1024

/** Status and headers of a CGI program, and what of its body came along. @throws Error when it wrote none */
export async function readHead(
  output: AsyncIterator<Buffer>,
): Promise<{ status: number; headers: Record<string, string>; rest: Buffer }> {
  let read = Buffer.alloc(0)
  for (;;) {
    const end = read.indexOf('\r\n\r\n')
    if (end >= 0) return { ...parse(read.toString('latin1', 0, end)), rest: read.subarray(end + 4) }
    const { value, done } = read.length > headLimit ? { done: true } : await output.next()
    if (done || !value) throw new Error('git http-backend ended without an answer')
    read = Buffer.concat([read, value])
  }
}

function parse(head: string): { status: number; headers: Record<string, string> } {
  const entries = head.split('\r\n').map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  const { status = '200', ...headers } = Object.fromEntries(entries)
  const code = Number.parseInt(status, 10)
  return { status: code in STATUS_CODES ? code : 500, headers }
}
