import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { gitSource } from '../../adapters/source/git/index.ts'
import { makeRepository, runGit, temporaryFolder } from './repositories.ts'

function setUp() {
  const root = temporaryFolder()
  const repository = makeRepository(path.join(root, 'shop'))
  const mirrors = path.join(root, 'mirrors')
  const source = gitSource({ mirrors, sourceRoots: [root], privateHosts: [] })
  const from = { serviceId: 'shop', url: repository.folder, credentials: null }
  const between = async (one: string, other: string, limit = 10) => {
    const range = await source.commitsBetween(from, { from: one, to: other, limit })
    const subjects = (commits: { subject: string }[]) => commits.map(({ subject }) => subject)
    return (
      range && { added: subjects(range.added), removed: subjects(range.removed), complete: range.isComplete }
    )
  }
  return {
    root,
    repository,
    mirrors,
    source,
    from,
    between,
    history: path.join(mirrors, '.histories', 'shop.git'),
  }
}

it('lists what is between two commits, there and back, and across branches', async () => {
  const { repository, source, from, between } = setUp()
  const [one, two, three] = ['one', 'two', 'three\n\nwith more to say'].map((message) =>
    repository.commit({ name: message }, message),
  )
  repository.git('checkout', '-q', '-b', 'aside', one!)
  const aside = repository.commit({ other: '' }, 'aside \u001b[2J\u202e')
  expect(await between(one!, three!)).toEqual({ added: ['three', 'two'], removed: [], complete: true })
  expect(await between(three!, one!)).toEqual({ added: [], removed: ['three', 'two'], complete: true })
  expect(await between(two!, aside)).toEqual({
    added: ['aside \u001b[2J\u202e'],
    removed: ['two'],
    complete: true,
  })
  expect(await source.commitsBetween(from, { from: one!, to: two!, limit: 1 })).toEqual({
    added: [{ sha: two, at: expect.stringMatching(/^\d{4}-.*Z$/), author: 'Ada', subject: 'two' }],
    removed: [],
    isComplete: true,
  })
})

it('lists no more than asked for, and says that there are more', async () => {
  const { repository, between } = setUp()
  const commits = Array.from({ length: 13 }, (_, at) => repository.commit({ at: String(at) }, `change ${at}`))
  const [first, last] = [commits[0]!, commits.at(-1)!]
  const newest = ['change 12', 'change 11', 'change 10']
  expect(await between(first, last, 3)).toEqual({ added: newest, removed: [], complete: false })
  expect(await between(last, first, 3)).toEqual({ added: [], removed: newest, complete: false })
  expect(await between(first, last, 12)).toMatchObject({ complete: true })
})

it('guesses nothing about commits whose common past is too far back', async () => {
  const { repository, between } = setUp()
  const commits = Array.from({ length: 13 }, (_, at) => repository.commit({ at: String(at) }, `change ${at}`))
  const found = await between(commits[0]!, commits.at(-1)!, 1)
  expect(found).toEqual({ added: ['change 12'], removed: [], complete: false })
})

it('gets commits without their trees where it may, and stays apart from what is deployed', async () => {
  const { root, repository, source, from, between, history } = setUp()
  repository.git('config', 'uploadpack.allowFilter', 'true')
  const commits = ['one', 'two', 'three'].map((name) => repository.commit({ name }, name))
  expect(await between(commits[0]!, commits[2]!)).toMatchObject({ added: ['three', 'two'] })
  const objects = runGit(history, ['cat-file', '--batch-all-objects', '--batch-check=%(objecttype)'])
  expect([...new Set(objects.split('\n').filter(Boolean))]).toEqual(['commit'])
  await source.resolve(from, commits[1]!)
  await source.export(from, commits[1]!, path.join(root, 'out'))
  expect(existsSync(path.join(root, 'out', 'name'))).toBe(true)
  await source.forget('shop')
  expect(existsSync(history)).toBe(false)
})

it('says which commit is not there any more', async () => {
  const { repository, source, from } = setUp()
  const there = repository.commit({ name: '' })
  const range = { from: 'a'.repeat(40), to: there, limit: 10 }
  await expect(source.commitsBetween(from, range)).rejects.toMatchObject({
    name: 'SourceError',
    code: 'RefNotFound',
  })
})
