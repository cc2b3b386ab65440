import type { ServiceUser } from '../../adapters/process/service-user.ts'

/** What a Sluice does that is not root: this process acts as the user meanwhile. Null where it is not root anyway. */
export async function withoutRoot<T>(user: ServiceUser | null, act: () => Promise<T>): Promise<T> {
  if (!user) return act()
  process.setegid!(user.gid)
  process.seteuid!(user.uid)
  try {
    return await act()
  } finally {
    process.seteuid!(0)
    process.setegid!(0)
  }
}
