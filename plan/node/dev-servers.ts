/** Programs with the word that makes them serve for development; `undefined` is the program without one. */
const devServers: Readonly<Record<string, readonly (string | undefined)[]>> = {
  vite: [undefined, 'dev', 'serve', 'preview'],
  next: [undefined, 'dev'],
  nuxt: [undefined, 'dev', 'preview'],
  nuxi: [undefined, 'dev', 'preview'],
  astro: ['dev', 'start', 'preview'],
  ng: ['serve', 's'],
  'react-scripts': ['start'],
  'react-router': ['dev'],
  remix: ['dev', 'vite:dev'],
  'vue-cli-service': ['serve'],
  webpack: ['serve'],
  'webpack-dev-server': [undefined],
  gatsby: ['develop', 'serve'],
  docusaurus: ['start', 'serve'],
  vitepress: ['dev', 'preview'],
  parcel: [undefined, 'serve'],
}

/** The part of a start script that runs a development server, which is slow and often open to this machine only. */
export function devServerIn(script: string): string | undefined {
  for (const part of script.slice(0, 4096).split(/[;&|]/)) {
    const words = part.split(/\s/).filter((word) => word !== '' && !/^[A-Za-z_][A-Za-z0-9_]*=/.test(word))
    const at = words.findIndex((word) => Object.hasOwn(devServers, word))
    if (at < 0) continue
    const next = words[at + 1]
    const verb = next === undefined || next.startsWith('-') ? undefined : next
    if (devServers[words[at]!]!.includes(verb)) return verb === undefined ? words[at] : `${words[at]} ${verb}`
  }
  return undefined
}
