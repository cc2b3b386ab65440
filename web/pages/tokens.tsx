import { tokenRoles } from '../../contract/roles.ts'
import type { Token } from '../../contract/token.ts'
import type { SettingsView } from '../read/settings.ts'
import { Action, OnceKey } from './action.tsx'
import { Choice, Line } from './field.tsx'
import { ShownOnce } from './shown-once.tsx'
import { Exact, Moment } from './time.tsx'

/** Who may come in, and as what. */
export const Tokens = ({ tokens, made, caller, services }: SettingsView) => (
  <section class="card" id="tokens">
    <h2>Tokens</h2>
    {made ? <ShownOnce what={`The token ${made.name}.`} value={made.token} /> : null}
    {tokens?.length === 0 ? <p class="hint">None but the one of the installation, which stays.</p> : null}
    <ul class="plain rows">
      {tokens?.map((token) => (
        <TokenRow token={token} isOwn={token.id === caller.id} />
      ))}
    </ul>
    <h3>New token</h3>
    <form method="post" action="/settings/tokens" class="stack fields">
      <OnceKey />
      <Line id="name" label="Who or what uses it" required maxlength={80} placeholder="ci of the shop" />
      <Choice id="role" label="Role" options={tokenRoles} />
      {caller.serviceId === null ? (
        <Choice
          id="serviceId"
          label="Service"
          none="all services"
          options={services.map(({ serviceId }) => serviceId)}
        />
      ) : (
        <input type="hidden" name="serviceId" value={caller.serviceId} />
      )}
      <Line
        id="expiresInDays"
        label="Days until it expires; empty for never"
        type="number"
        min={1}
        value="365"
      />
      <p class="hint">
        A viewer reads; a deployer also deploys, cancels, rolls back and holds; an admin also changes
        services, environments and tokens.
      </p>
      <div>
        <button class="primary">Make token</button>
      </div>
    </form>
  </section>
)

const TokenRow = ({ token, isOwn }: { token: Token; isOwn: boolean }) => (
  <li data-entry>
    <span class="grow">
      {token.name} {isOwn ? <span class="badge">yours</span> : null}
    </span>
    <span class="badge">{token.role}</span>
    <span class="hint">{token.serviceId ?? 'all services'}</span>
    <span class="hint">
      by {token.createdBy}, <Moment at={token.createdAt} />
    </span>
    <span class="hint">
      {token.expiresAt ? (
        <>
          until <Exact at={token.expiresAt} />
        </>
      ) : (
        'never expires'
      )}
    </span>
    <span class="hint">
      {token.lastUsedAt ? (
        <>
          used <Moment at={token.lastUsedAt} />
        </>
      ) : (
        'never used'
      )}
    </span>
    <Action
      name="Revoke"
      to="/settings/tokens/revoke"
      needs="admin"
      fields={{ id: token.id }}
      ask={`Revoke ${token.name}? Whatever uses it is refused from now on.${isOwn ? ' You are signed in with it.' : ''}`}
      confirm="Yes, revoke it"
      kind="danger"
    />
  </li>
)
