interface LogPanelProps {
  name: string
  /** Where the whole of it is text. */
  text: string
  /** Those that can be shown alone. */
  steps?: string[]
}

/** A log: filled and kept up by the client script; without one, the raw text is a link away. */
export const LogPanel = ({ name, text, steps }: LogPanelProps) => (
  <div class="card log-panel">
    <div class="log-head">
      <h2>{name}</h2>
      {steps ? <StepChoice steps={steps} /> : null}
      <label class="search">
        <span class="hidden">Search the log</span>
        <input id="log-search" type="search" placeholder="Search" autocomplete="off" spellcheck={false} />
      </label>
      <span id="log-found" class="hint"></span>
      <button id="log-follow" class="quiet" aria-pressed="true">
        Follow
      </button>
      <a class="button quiet" href={`${text}?download`}>
        Download
      </a>
    </div>
    <p id="log-gone" class="hint log-gone" hidden>
      The oldest lines are no longer shown here; <a href={text}>the raw log</a> has them all.
    </p>
    <div class="log-frame">
      <div id="log" class="log" tabindex={0} role="region" aria-label={name}></div>
      <button id="log-new" class="new-lines" hidden></button>
    </div>
    <noscript>
      <p>
        <a href={text}>Read the log as text</a>; load this page again to see what is new.
      </p>
    </noscript>
  </div>
)

const StepChoice = ({ steps }: { steps: string[] }) => (
  <label class="only">
    <span class="hidden">Step</span>
    <select id="log-step">
      <option value="">all steps</option>
      {steps.map((step) => (
        <option value={step}>{step}</option>
      ))}
    </select>
  </label>
)
