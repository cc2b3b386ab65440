/** Undefined when the text is not a JSON object; comments and trailing commas are allowed, as in deno.jsonc. */
export function readJsonObject(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (text === undefined) return undefined
  for (const form of [text, withoutComments(text)]) {
    try {
      const value: unknown = JSON.parse(form)
      return typeof value === 'object' && value !== null && !Array.isArray(value)
        ? (value as Record<string, unknown>)
        : undefined
    } catch {
      // The second form, then nothing.
    }
  }
  return undefined
}

/** Strings are matched first, so that `"https://"` stays what it is. */
const withoutComments = (text: string): string =>
  text
    .slice(0, 256 * 1024)
    .replaceAll(
      /("(?:[^"\\\n]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
      (_, kept: string | undefined) => kept ?? '',
    )
    .replaceAll(/("(?:[^"\\\n]|\\.)*")|,(?=\s{0,200}[}\]])/g, (_, kept: string | undefined) => kept ?? '')
