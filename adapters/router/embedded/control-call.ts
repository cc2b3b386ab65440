import http from 'node:http'

export interface ControlAnswer {
  status: number
  /** Of the problem, when it is one. */
  code: string | undefined
  content: unknown
}

/** One call of the control API. Without a time limit: a drain takes as long as it takes. */
export function callControl(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<ControlAnswer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? '' : JSON.stringify(body)
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
    const request = http.request(
      { socketPath, method, path, headers, agent: false, ...(signal ? { signal } : {}) },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          try {
            const answer = Buffer.concat(chunks).toString('utf8')
            const content: unknown = answer === '' ? undefined : JSON.parse(answer)
            const code = (content as { code?: string } | undefined)?.code
            resolve({ status: response.statusCode ?? 0, code, content })
          } catch (error) {
            reject(error)
          }
        })
      },
    )
    request.on('error', reject)
    request.end(text)
  })
}

/** The router process is not there at the moment, or went away while it was asked. */
export function isRestarting(error: Error): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  return code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ECONNRESET' || code === 'EPIPE'
}
