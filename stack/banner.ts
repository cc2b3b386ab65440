import { homePaths, type Settings } from '../contract/settings.ts'

/** What somebody who has just started Sluice wants to know. */
export function startBanner(settings: Settings, startedInMs: number): string {
  const rows = [
    ['Dashboard', settings.url],
    ['API', `${settings.url}/v1`],
    ['API docs', `${settings.url}/docs`],
    ['Temporal', settings.temporalAddress ?? settings.temporalUiUrl],
    ['Router', `http://${settings.routerAddress}:${settings.routerPort}`],
    ['Token', settings.token ? 'from SLUICE_TOKEN' : homePaths(settings.home).token],
  ]
  return [
    '',
    `  Sluice is ready (${(startedInMs / 1000).toFixed(1)} s).`,
    '',
    ...rows.map(([name, value]) => `  ${name!.padEnd(10)}${value}`),
    '',
    '  Next: sluice service add <name> <repository>     Ctrl-C stops Sluice; deployed services go on.',
    '',
  ].join('\n')
}
