import { isNoSpace } from '../../../ports/no-space.ts'
import { SourceError, type Source } from '../../../ports/source.ts'
import { noRoom } from './failure.ts'

/** Says DiskFull wherever one of our own files found no room; git's are told apart where git is run. */
export function roomy(source: Source): Source {
  const wrap =
    <Args extends unknown[], Result>(method: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> =>
      method(...args).catch((error: unknown) => {
        if (!isNoSpace(error)) throw error
        throw new SourceError('DiskFull', noRoom)
      })
  return {
    resolve: wrap(source.resolve),
    probe: wrap(source.probe),
    readTree: wrap(source.readTree),
    export: wrap(source.export),
    forget: wrap(source.forget),
  }
}
