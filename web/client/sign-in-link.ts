/** Sends what stands behind the `#` of a sign-in link, which browsers keep to themselves, and takes it out of the address. */
export function followSignInLink(): void {
  const form = document.querySelector<HTMLFormElement>('form#link')
  const code = location.hash.slice(1)
  if (!form || !code.startsWith('sli_')) return
  history.replaceState(null, '', location.pathname + location.search)
  form.querySelector<HTMLInputElement>('input[name=code]')!.value = code
  form.submit()
}
