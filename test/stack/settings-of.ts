import { chmod, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { readSettings, type Settings } from '../../contract/settings.ts'
import { prepareHome } from '../../stack/home.ts'
import { freePorts } from '../free-ports.ts'

/** A folder that is removed after the test; others may pass through it. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-'))
  await chmod(folder, 0o711)
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Settings for a new home on free ports. */
export async function freshSettings(environment: Record<string, string> = {}): Promise<Settings> {
  const home = await temporaryFolder()
  const [api, router, temporal, ui, postgres] = await freePorts(5)
  prepareHome(home)
  return readSettings({
    SLUICE_HOME: home,
    SLUICE_API_PORT: String(api),
    SLUICE_ROUTER_PORT: String(router),
    SLUICE_TEMPORAL_PORT: String(temporal),
    SLUICE_TEMPORAL_UI_PORT: String(ui),
    SLUICE_POSTGRES_PORT: String(postgres),
    ...environment,
  })
}
