import { parentPort, workerData } from 'node:worker_threads'

/** Follows a log as many times at once, and answers which lines each of them saw. */
const { url, token, readers } = workerData as { url: string; token: string; readers: number }
parentPort?.postMessage(await Promise.all(Array.from({ length: readers }, read)), [])

async function read(): Promise<number[]> {
  const headers = { authorization: `Bearer ${token}`, accept: 'application/x-ndjson' }
  const { body } = await fetch(url, { headers })
  const seen: number[] = []
  let rest = ''
  for await (const text of body!.pipeThrough(new TextDecoderStream())) {
    const whole = (rest + text).lastIndexOf('\n') + 1
    for (const number of numbersIn((rest + text).slice(0, whole))) seen.push(number)
    rest = (rest + text).slice(whole)
  }
  return seen
}

/** The numbers of the lines of noise in a text. */
function numbersIn(text: string): number[] {
  return [...text.matchAll(/noise (\d+):/g)].map(([, number]) => Number(number))
}
