/** Uses a sign-in link, also one that is opened where the page is open already. */
export function followSignInLinks(): void {
  const form = document.querySelector<HTMLFormElement>('form#link')
  if (!form) return
  send(form)
  window.addEventListener('hashchange', () => send(form))
}

/** What stands behind the `#`, which browsers keep to themselves; and takes it out of the address. */
function send(form: HTMLFormElement): void {
  const code = location.hash.slice(1)
  if (!code.startsWith('sli_')) return
  history.replaceState(null, '', location.pathname + location.search)
  form.querySelector<HTMLInputElement>('input[name=code]')!.value = code
  form.submit()
}
