/** A secret that was made just now. */
export const ShownOnce = ({ what, value }: { what: string; value: string }) => (
  <div class="note once" role="status">
    <p>
      <strong>{what}</strong> Copy it now: it is shown this once, and only its owner can know it afterwards.
    </p>
    <pre class="command" tabindex={0}>
      {value}
    </pre>
  </div>
)
