import { createContext, useContext, type Child } from 'hono/jsx'
import { mayAs, type TokenRole } from '../../contract/roles.ts'

/** The role of whoever looks at the page; undefined where it is not known. */
export const WhoAsks = createContext<TokenRole | undefined>(undefined)

/** What only some may do is shown to them only. The API refuses it to the others all the same. */
export function Allowed({ needs, children }: { needs: TokenRole; children?: Child }) {
  const role = useContext(WhoAsks)
  return role !== undefined && mayAs(role, needs) ? <>{children}</> : null
}
