/** A browser's field of date and time knows no zone: the page says that it is UTC. What is no time stays as it is. */
export function utcOf(text: string): string {
  const time = new Date(`${text}Z`)
  return Number.isNaN(time.getTime()) ? text : time.toISOString()
}
