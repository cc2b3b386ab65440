import type { Service } from '../../contract/service.ts'
import type { Caller, MadeToken, Token } from '../../contract/token.ts'
import type { Api } from '../api.ts'

export interface SettingsView {
  caller: Caller
  services: Service[]
  /** Undefined for who may not see them. */
  tokens: Token[] | undefined
  /** Made just now: the only time that it can be shown. */
  made?: MadeToken
}

export async function readSettings(api: Api): Promise<SettingsView> {
  const [caller, services, tokens] = await Promise.all([
    api.get<Caller>('/whoami'),
    api.get<{ data: Service[] }>('/services'),
    api.find<{ data: Token[] }>('/tokens'),
  ])
  return { caller, services: services.data, tokens: tokens?.data }
}
