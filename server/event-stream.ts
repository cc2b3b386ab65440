import type { Followed } from './follow.ts'
import type { Piece } from './shared-feed.ts'

/** How a stream is written down. */
export interface Format {
  contentType: string
  opening: string
  row(row: { seq: number }): string
  heartbeat: string
  end(status: string | null): string
}

export const serverSentEvents: Format = {
  contentType: 'text/event-stream; charset=utf-8',
  opening: 'retry: 1000\n\n',
  row: (row) => `id: ${row.seq}\ndata: ${JSON.stringify(row)}\n\n`,
  heartbeat: ': still here\n\n',
  // Without an id: a reader that comes back goes on after the last row.
  end: (status) => `event: end\ndata: ${JSON.stringify({ status })}\n\n`,
}

export const jsonLines: Format = {
  contentType: 'application/x-ndjson; charset=utf-8',
  opening: '',
  row: (row) => `${JSON.stringify(row)}\n`,
  heartbeat: '',
  end: (status) => `${JSON.stringify({ type: 'end', status })}\n`,
}

/**
 * The stream in that format. Works only while it is read, and stops at once when the reader goes away.
 * @param stop ends the work behind `followed`; called when the reader goes away
 */
export function streamResponse<T extends { seq: number }>(
  format: Format,
  followed: AsyncGenerator<Followed<Piece<T>>, void>,
  stop: () => void,
): Response {
  const encoder = new TextEncoder()
  let opened = false
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!opened) {
          opened = true
          if (format.opening) return controller.enqueue(encoder.encode(format.opening))
        }
        // A pull that adds nothing is not repeated: go on until there is something to write.
        for (;;) {
          const { value, done } = await followed.next()
          if (done) {
            stop()
            return controller.close()
          }
          if (value.kind === 'rows') return controller.enqueue(value.rows.bytes(format))
          const text = value.kind === 'heartbeat' ? format.heartbeat : format.end(value.status)
          if (text) return controller.enqueue(encoder.encode(text))
        }
      },
      async cancel() {
        stop()
        await followed.return()
      },
    },
    // Nothing is read from the store before somebody reads the answer.
    { highWaterMark: 0 },
  )
  return new Response(body, {
    headers: { 'Content-Type': format.contentType, 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' },
  })
}
