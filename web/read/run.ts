import { isRunOver, type Run } from '../../contract/run.ts'
import { pathOf, type Api } from '../api.ts'

export interface RunView {
  run: Run
  isOver: boolean
}

export async function readRun(api: Api, params: Record<string, string>): Promise<RunView> {
  const run = await api.get<Run>(runPath(params))
  return { run, isOver: isRunOver(run.status) }
}

/** Of pages and of the API: they are the same. */
export const runPath = ({ service, environment, run }: Record<string, string | undefined>): string =>
  pathOf('services', service!, 'environments', environment!, 'runs', run!)
