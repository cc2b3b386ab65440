import type { Badge } from '../../contract/badge.ts'

/** What can be put into a README. */
export const BadgeCard = ({ badge }: { badge: Badge }) => (
  <section class="card" id="badge">
    <h2>Badge</h2>
    <img class="badge-picture" src={new URL(badge.url).pathname} alt="What is live, as a badge" />
    <p class="hint">For a README. Whoever has this address sees the badge, and nothing else.</p>
    <pre class="command" tabindex={0}>
      {badge.markdown}
    </pre>
  </section>
)
