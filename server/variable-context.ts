/** Context under which a variable is sealed; the agent opens it under the same. */
export const variableContext = (serviceId: string, environment: string, name: string): string =>
  `${serviceId}/${environment}/${name}`
