/** The process that listens and gets the traffic. */
export const webProcess = 'web'

export interface ParsedInstanceId {
  serviceId: string
  environment: string
  /** Of the deployment. */
  number: number
  process: string
}

/**
 * The processes of a release under one deployment: `<service>/<environment>/<number>` is its web process, each of the
 * others has its name behind that. Undefined for anything else.
 */
export function parseInstanceId(id: string): ParsedInstanceId | undefined {
  const [serviceId, environment, number, process = webProcess, ...more] = id.split('/')
  if (!serviceId || !environment || !/^\d+$/.test(number ?? '') || more.length > 0) return undefined
  return { serviceId, environment, number: Number(number), process }
}

/** Of the web process beside which this one runs, or of itself. */
export const webInstance = (id: string): string => id.split('/').slice(0, 3).join('/')

export const isWeb = (id: string): boolean => webInstance(id) === id
