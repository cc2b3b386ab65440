import { archiveUrlContext } from '../contract/names.ts'
import type { Secrets } from './secrets.ts'
import type { Store } from './store.ts'

/** The whole url behind a ref that shows only its harmless part; undefined when nothing of it is secret. */
export const secretUrlOf =
  ({ store, secrets }: { store: Pick<Store, 'archiveUrls'>; secrets: Pick<Secrets, 'open'> }) =>
  async (serviceId: string, ref: string): Promise<string | undefined> => {
    const sealed = await store.archiveUrls.find(serviceId, ref)
    return sealed === undefined ? undefined : secrets.open(sealed, archiveUrlContext(serviceId, ref))
  }
