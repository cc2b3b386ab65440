import { onTestFinished } from 'vitest'

/** What this process warns of until the end of the test; each comes a moment after its cause. */
export function warnings(): string[] {
  const said: string[] = []
  const note = ({ message }: Error) => void said.push(message)
  process.on('warning', note)
  onTestFinished(() => void process.off('warning', note))
  return said
}
