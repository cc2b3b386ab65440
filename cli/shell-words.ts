/** A line for the shell that means these words: one alone is a line already, several are taken literally. */
export const shellWords = (words: string[]): string =>
  words.length === 1 ? words[0]! : words.map(quoted).join(' ')

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
