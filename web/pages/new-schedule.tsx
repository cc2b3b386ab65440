import { OnceKey } from './action.tsx'
import { Choice, Line } from './field.tsx'

/** By cron, or once. What misses or contradicts itself is said by the API. */
export const NewScheduleForm = ({ branch, path }: { branch: string; path: string }) => (
  <section class="card">
    <h2>New schedule</h2>
    <form method="post" action={path} class="stack fields">
      <OnceKey />
      <Line id="name" label="Name" required placeholder="nightly" maxlength={40} />
      <Choice
        id="kind"
        label="What it does"
        options={[
          ['deploy', 'deploy a branch, tag or commit'],
          ['redeploy', 'deploy the live commit anew'],
          ['rollback', 'roll back to the release before'],
        ]}
      />
      <Line id="ref" label="Branch, tag or commit" placeholder={branch} />
      <Line
        id="cron"
        label="Again and again: minute hour day month weekday, or a word such as @daily"
        placeholder="30 2 * * *"
      />
      <Line id="timeZone" label="In the time zone of" placeholder="Europe/Berlin (UTC when empty)" />
      <Line id="at" label="Or once, at this time (UTC)" type="datetime-local" />
      <div>
        <button class="primary">Create</button>
      </div>
    </form>
  </section>
)
