type Tone = 'good' | 'bad' | 'busy' | 'off'

const signs: Record<Tone, [sign: string, colour: string]> = {
  good: ['✓', 'succeeded'],
  bad: ['✕', 'failed'],
  busy: ['◐', 'queued'],
  off: ['–', 'canceled'],
}

/** The state of something that is no deployment: as sign, word and colour. */
export function State({ tone, word }: { tone: Tone; word: string }) {
  const [sign, colour] = signs[tone]
  return (
    <span class={`status ${colour}`}>
      <span class="sign" aria-hidden="true">
        {sign}
      </span>
      {word}
    </span>
  )
}
