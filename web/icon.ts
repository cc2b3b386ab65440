const colours: Record<string, string> = {
  idle: '#5b6ee1',
  running: '#2f6fed',
  succeeded: '#1f9d57',
  failed: '#d64545',
  canceled: '#8a8f98',
}

const marks: Record<string, string> = {
  running:
    '<circle cx="16" cy="16" r="6" fill="none" stroke="#fff" stroke-width="3" stroke-dasharray="26 12"/>',
  succeeded: '<path d="M10 16.5l4 4 8-9" fill="none" stroke="#fff" stroke-width="3"/>',
  failed: '<path d="M11 11l10 10M21 11L11 21" stroke="#fff" stroke-width="3"/>',
  canceled: '<path d="M10 16h12" stroke="#fff" stroke-width="3"/>',
  idle: '<path d="M9 11h14M9 16h9M9 21h14" stroke="#fff" stroke-width="3"/>',
}

/** The icon of a tab, in the colour and with the sign of what its page is about. */
export function icon(status: string): string {
  const known = Object.hasOwn(colours, status) ? status : 'idle'
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="${colours[known]}"/>${marks[known]}</svg>`
}
