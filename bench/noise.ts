/** The numbers of the lines of noise in a text. */
export const numbersIn = (text: string): number[] =>
  [...text.matchAll(/noise (\d+):/g)].map(([, number]) => Number(number))
