import { chmodSync, existsSync, mkdtempSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { request } from 'undici'
import { expect, it } from 'vitest'
import { git } from '../server/git-client.ts'
import { startLoad } from './load.ts'
import { makeRepository } from './repository.ts'
import { expectStatus, finished } from './service.ts'
import type { Sluice } from './sluice.ts'
import { useSluice } from './use-sluice.ts'

/** pip and npm fetch what a real service needs: minutes that not every run has. */
const isAsked = process.env['SLUICE_FAULTS'] === 'all'

let sluice: Sluice
const root = useSluice(
  (started) => (sluice = started),
  // Toolchains of developers often lie in their home, which no other user may enter.
  statSync(os.homedir()).mode & 0o001 ? {} : { env: { SLUICE_ISOLATION: 'none' } },
)

const id = 'django'

it.skipIf(!isAsked)(
  'Django with assets by Vite is pushed, migrated, replaced under load, and a broken build changes nothing',
  async () => {
    const scratch = mkdtempSync(path.join(root.directory, 'scratch-'))
    chmodSync(scratch, 0o777)
    const variables = { SECRET_KEY: 'only-for-the-test', DATABASE_FILE: path.join(scratch, 'shop.sqlite3') }
    await expectStatus(sluice.api('POST', '/v1/services', { serviceId: id, source: { kind: 'push' } }), 201)
    await expectStatus(
      sluice.api('PUT', `/v1/services/${id}/environments/production`, { branch: 'main', variables }),
      201,
    )
    const { directory, commit } = makeRepository(root.directory, id, id)
    const url = `${sluice.url.replace('//', `//x:${sluice.token}@`)}/git/${id}.git`
    const push = async () => (await git(directory, 'push', url, 'main')).said
    const get = async (at: string) => {
      const answer = await request(`http://127.0.0.1:${sluice.routerPort}${at}`, {
        headers: { host: `${id}.localhost` },
      })
      return `${answer.statusCode} ${await answer.body.text()}`
    }

    expect(await push()).toContain(`✓ ${id}.production.1 is live`)
    expect(existsSync(variables.DATABASE_FILE)).toBe(true)
    expect(await get('/')).toBe('200 v1')
    expect(await get('/static/app.js')).toContain('built by Vite, v1')

    const load = startLoad(sluice, `${id}.localhost`, 8)
    commit({
      'shop/version.py': "VERSION = 'v2'\n",
      'src/greeting.js': "export const greeting = 'built by Vite, v2'\n",
      'shop/migrations/0002_article_body.py': addsBody,
      'shop/models.py': models,
    })
    const second = await push()
    expect(second).toContain('Applying shop.0002_article_body')
    expect(second).toContain(`✓ ${id}.production.2 is live`)
    expect(await get('/static/app.js')).toContain('built by Vite, v2')

    commit({ 'src/main.js': "import './missing.js'\n" })
    const third = await push()
    expect(third).toContain(`✗ ${id}.production.3 failed at build: BuildFailed.`)
    expect(third).toMatch(/[Cc]ould not resolve "\.\/missing\.js"/)
    expect(third).toContain('The live release was not touched.')
    const report = await load.stop()
    expect(report.wrong).toEqual([])
    expect(Object.keys(report.versions).toSorted()).toEqual(['v1', 'v2'])
    expect(await get('/')).toBe('200 v2')
    expect(await finished(sluice, `${id}.production.3`)).toMatchObject({ status: 'FAILED', live: false })
  },
  600_000,
)

const models = `from django.db import models


class Article(models.Model):
    title = models.CharField(max_length=100)
    body = models.TextField(default='')
`

const addsBody = `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [('shop', '0001_initial')]
    operations = [migrations.AddField('Article', 'body', models.TextField(default=''))]
`
