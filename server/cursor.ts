import { BadCursor } from '../ports/store.ts'
import { invalid } from './validation.ts'

/** @throws Refusal ValidationFailed for a cursor that no such list gave out */
export async function unlessBadCursor<T>(page: Promise<T>): Promise<T> {
  try {
    return await page
  } catch (error) {
    if (!(error instanceof BadCursor)) throw error
    throw invalid([{ pointer: '/query/cursor', message: 'is not a cursor of this list' }])
  }
}
