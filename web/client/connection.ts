/** Says it when Sluice does not answer, and when it does again. */
export function sayConnection(state: 'good' | 'lost'): void {
  const place = document.getElementById('connection')
  const text = state === 'lost' ? 'Sluice does not answer just now. Tries again …' : ''
  if (place && place.textContent !== text) place.textContent = text
}
