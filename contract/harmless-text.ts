/* oxlint-disable no-control-regex -- control characters are what this is about */

/** Operating-system commands: titles, links, the clipboard. */
const systemCommands = /\u001b\][^\u0007\u001b]*(\u0007|\u001b\\)/g

/** Escape sequences other than colours (`ESC [ … m`). */
const escapes = /\u001b(?!\[[\d;]*m)(\[[0-?]*[ -/]*[@-~])?/g

/** C0 but tab, newline and escape; C1. */
const controls = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]/g

/** Text from a repository or a build without what would act on a terminal; the colours of a build stay. */
export const harmlessText = (text: string): string =>
  text.replaceAll(systemCommands, '').replaceAll(escapes, '').replaceAll(controls, '')
