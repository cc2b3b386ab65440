/** Paths of the API. What people type is escaped: the API, not the url parser, is to refuse it. */
export const servicePath = (service: string): string => `/v1/services/${encodeURIComponent(service)}`

export const environmentPath = (service: string, environment: string): string =>
  `${servicePath(service)}/environments/${encodeURIComponent(environment)}`
