import type { NativeConnection } from '@temporalio/worker'
import { searchAttributeNames } from '../contract/names.ts'

/** `Keyword` in Temporal's IndexedValueType. */
const keyword = 2

/** Registers what is missing; an embedded server has them from its start. */
export async function ensureSearchAttributes(connection: NativeConnection, namespace: string): Promise<void> {
  const known = await connection.operatorService.listSearchAttributes({ namespace })
  const missing = searchAttributeNames.filter((name) => !known.customAttributes?.[name])
  if (missing.length === 0) return
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(missing.map((name) => [name, keyword])),
  })
}
