/** Text from a repository or a build without what would act on a terminal: escape sequences, control characters. */
export const harmlessText = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  text.replaceAll(/\u001b\][^\u0007\u001b]*(\u0007|\u001b\\)|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]|\u001b(?!\[[\d;]*m)(\[[0-?]*[ -/]*[@-~])?/g, '')
