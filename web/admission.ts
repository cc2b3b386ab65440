import { Hono, type Context } from 'hono'
import type { Freeze } from '../contract/freeze.ts'
import type { Environment } from '../contract/service.ts'
import type { AppEnv } from '../server/deps.ts'
import { pathOf } from './api.ts'
import { formOf, type Form } from './form.ts'
import type { Desk } from './index.ts'
import { utcOf } from './utc.ts'

const environment = '/services/:service/environments/:environment'
const pathIn = (c: Context<AppEnv>) =>
  pathOf('services', c.req.param('service')!, 'environments', c.req.param('environment')!)

/** The forms that say whether and how deployments of an environment begin. */
export function admissionRoutes(desk: Desk): Hono<AppEnv> {
  const back = (c: Context<AppEnv>, part: string) => c.redirect(`${pathIn(c)}#${part}`, 303)
  const change = async (c: Context<AppEnv>, changeOf: (now: Environment) => object) => {
    const now = await desk.api(c).get<Environment>(pathIn(c))
    await desk.api(c).send('PUT', pathIn(c), { branch: now.branch, ...changeOf(now) })
  }
  return new Hono<AppEnv>()
    .post(`${environment}/hold`, async (c) => {
      const reason = (await formOf(c)).text('reason') ?? ''
      await desk.api(c).send('PUT', `${pathIn(c)}/hold`, { reason })
      return back(c, 'hold')
    })
    .post(`${environment}/unhold`, async (c) => {
      await desk.api(c).send('DELETE', `${pathIn(c)}/hold`)
      return back(c, 'hold')
    })
    .post(`${environment}/rules`, async (c) => {
      const form = await formOf(c)
      await change(c, () => rulesOf(form))
      return back(c, 'rules')
    })
    .post(`${environment}/freezes`, async (c) => {
      const form = await formOf(c)
      await change(c, ({ freezes }) => ({ freezes: [...freezes, freezeOf(form)] }))
      return back(c, 'freezes')
    })
    .post(`${environment}/freezes/remove`, async (c) => {
      const gone = (await formOf(c)).get('freeze')
      // By what it says and not by its place, which may be another one's by now.
      await change(c, ({ freezes }) => ({
        freezes: freezes.filter((freeze) => JSON.stringify(freeze) !== gone),
      }))
      return back(c, 'freezes')
    })
}

const minute = 60
const hour = 3600

function rulesOf(form: Form) {
  const within = form.text('approval')
  return {
    autoDeploy: form.get('autoDeploy') === 'true',
    queue: form.text('queue') ?? null,
    approval: within === undefined ? null : { within: Number(within) * minute },
  }
}

/** Once, or by cron when that was filled in. */
function freezeOf(form: Form): Freeze {
  const reason = form.text('reason') ?? ''
  const cron = form.text('cron')
  if (cron !== undefined)
    return {
      ...{ cron, seconds: Number(form.text('hours') ?? 0) * hour },
      ...{ timeZone: form.text('timeZone') ?? 'UTC', reason },
    }
  return { from: utcOf(form.text('from') ?? ''), to: utcOf(form.text('to') ?? ''), reason }
}
