import type { Disk, Host, Hosts, TaskQueue } from '../../contract/host.ts'
import type { Frame } from '../index.ts'
import { plainText } from './commit.tsx'
import { Layout, render } from './layout.tsx'
import { State } from './state.tsx'
import { durationText, Moment } from './time.tsx'

/** The machines that releases run on, and who takes the work for them. */
export const hostsPage = ({ frame, data, control, temporal }: Hosts & { frame: Frame }) =>
  render(
    <Layout frame={frame} title="Hosts">
      <div class="heading">
        <h1>Hosts</h1>
      </div>
      <div id="hosts" data-live data-poll="10000">
        {data.map((host) => (
          <HostCard host={host} />
        ))}
        <section class="card">
          <h2>Control plane</h2>
          <p>
            {temporal === null ? (
              <State tone="bad" word="Temporal does not answer" />
            ) : (
              <State tone="good" word={`Temporal ${temporal}`} />
            )}
          </p>
          <Queues queues={control} />
        </section>
      </div>
    </Layout>,
  )

const HostCard = ({ host }: { host: Host }) => (
  <section class="card" data-entry>
    <h2>
      {host.name} {host.here ? <span class="badge">this machine</span> : null}
    </h2>
    <p class="hint">
      {host.environments} {host.environments === 1 ? 'environment' : 'environments'}
      {host.here ? `, Sluice ${host.here.sluice}, Node ${host.here.node}` : ''}
    </p>
    <Queues queues={host.queues} />
    {host.here ? <Here here={host.here} /> : null}
  </section>
)

const Here = ({ here: { router, disks } }: { here: NonNullable<Host['here']> }) => (
  <ul class="plain rows">
    <li>
      {router ? <State tone="good" word="Router" /> : <State tone="bad" word="Router does not answer" />}
      {router ? (
        <span class="hint">
          port {router.port}, {router.routes} routes, process {router.pid}, up for{' '}
          {durationText(router.uptimeSeconds * 1000)}
        </span>
      ) : null}
    </li>
    {disks.map((disk) => (
      <DiskRow disk={disk} />
    ))}
  </ul>
)

const gigabyte = 1e9
const sizeText = (bytes: number) => `${(bytes / gigabyte).toFixed(1)} GB`

const DiskRow = ({ disk }: { disk: Disk }) => (
  <li>
    {disk.isLow ? <State tone="bad" word="Disk is low" /> : <State tone="good" word="Disk" />}
    <meter
      min={0}
      max={disk.totalBytes}
      value={disk.totalBytes - disk.freeBytes}
      aria-label={`Used of the disk of ${disk.holds}`}
    />
    <span class="hint">
      {sizeText(disk.freeBytes)} of {sizeText(disk.totalBytes)} free, holds {disk.holds}
    </span>
  </li>
)

const Queues = ({ queues }: { queues: TaskQueue[] }) => (
  <ul class="plain rows">
    {queues.map(({ name, carries, pollers }) => (
      <li>
        <QueueState pollers={pollers} />
        <span>
          <code>{name}</code> <span class="hint">{carries}</span>
        </span>
        <ul class="plain grow">
          {pollers?.map(({ identity, lastSeen }) => (
            <li class="hint">
              {plainText(identity)}, seen <Moment at={lastSeen} />
            </li>
          ))}
        </ul>
      </li>
    ))}
  </ul>
)

function QueueState({ pollers }: Pick<TaskQueue, 'pollers'>) {
  if (pollers === null) return <State tone="off" word="Not known" />
  return pollers.length > 0 ? (
    <State tone="good" word="Served" />
  ) : (
    <State tone="bad" word="Nobody takes its work" />
  )
}
