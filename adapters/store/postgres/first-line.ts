/** Characters of a failure's message in an event; the deployment has the whole. */
const detailLimit = 500

export const firstLine = (message: string): string => message.split('\n', 1)[0]!.slice(0, detailLimit)
