import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Deployment } from '../contract/deployment.ts'
import { routeHost } from '../contract/names.ts'
import { homePaths, type Settings } from '../contract/settings.ts'
import { isFinal } from '../contract/vocabulary.ts'
import { exampleName, exampleRepository } from './example-repository.ts'
import { ownApi, type ApiCall } from './own-api.ts'
import type { UpLog } from './up-log.ts'

const environment = 'production'

/** Milliseconds after which the deployment is left to go on by itself. */
const patience = 120_000

/**
 * Deploys the example service at the first start, so that a newcomer sees a live url. Once per home, and only while
 * there is no service. Never a reason for `up` to fail.
 */
export async function firstDeploy(settings: Settings, log: UpLog, end: AbortSignal): Promise<void> {
  const marker = path.join(homePaths(settings.home).examples, '.deployed')
  if (!settings.firstDeploy || existsSync(marker)) return
  const api = ownApi(settings, end)
  try {
    const { data: services } = await api<{ data: { serviceId: string }[] }>('GET', '/v1/services')
    // The example itself may be left from a start that was interrupted.
    if (services.every(({ serviceId }) => serviceId === exampleName)) {
      log.say('sluice', `deploys the example service ${exampleName}, so that there is something to see`)
      const ended = await waitFor(api, await deployExample(settings, api, services.length > 0))
      report(settings, ended, log)
    }
    writeFileSync(marker, '')
  } catch (error) {
    if (!end.aborted)
      log.say('sluice', `the example was not deployed: ${(error as Error).message}`, { level: 'warn' })
  }
}

async function deployExample(settings: Settings, api: ApiCall, exists: boolean): Promise<Deployment> {
  const url = await exampleRepository(settings.home)
  if (!exists) await api('POST', '/v1/services', { serviceId: exampleName, source: { kind: 'git', url } })
  await api('PUT', `/v1/services/${exampleName}/environments/${environment}`, { branch: 'main' })
  return await api<Deployment>('POST', '/v1/deployments', { serviceId: exampleName, environment })
}

async function waitFor(api: ApiCall, deployment: Deployment): Promise<Deployment> {
  const deadline = Date.now() + patience
  let current = deployment
  while (!isFinal(current.status) && Date.now() < deadline) {
    await sleep(250)
    current = await api<Deployment>('GET', `/v1/deployments/${deployment.id}`)
  }
  return current
}

function report(settings: Settings, deployment: Deployment, log: UpLog): void {
  if (deployment.status === 'SUCCEEDED') {
    const url = `http://${routeHost(exampleName, environment)}:${settings.routerPort}/`
    log.say('sluice', `the example is live at ${url}`)
    log.block(
      `\n  ${url}\n  Change it in ${path.join(homePaths(settings.home).examples, exampleName)}, commit, and run: sluice deploy hello\n`,
    )
    return
  }
  const why = deployment.failure ? `: ${deployment.failure.code}, ${deployment.failure.message}` : ''
  log.say('sluice', `the example is ${deployment.status}${why} (sluice status ${deployment.id})`, {
    level: 'warn',
  })
}
