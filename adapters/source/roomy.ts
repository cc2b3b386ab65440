import { isNoSpace } from '../../ports/no-space.ts'
import { SourceError, type Source } from '../../ports/source.ts'

export const noRoom = 'There is no room left on the disk for the code.'

/** Says DiskFull where a file of our own found no room. */
export async function orNoRoom<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!isNoSpace(error)) throw error
    throw new SourceError('DiskFull', noRoom)
  }
}

/** The same for everything that a source does; git's own failures are told apart where git is run. */
export function roomy(source: Source): Source {
  const wrap =
    <Args extends unknown[], Result>(method: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> =>
      orNoRoom(method(...args))
  return {
    resolve: wrap(source.resolve),
    probe: wrap(source.probe),
    readTree: wrap(source.readTree),
    export: wrap(source.export),
    commitsBetween: wrap(source.commitsBetween),
    forget: wrap(source.forget),
  }
}
