import { renameSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { FileTree } from '../../contract/plan.ts'
import { gitSource } from '../../adapters/source/git/index.ts'
import { KnownCommits } from '../../adapters/source/git/known-commits.ts'
import { makeRepository, temporaryFolder } from './repositories.ts'

const isName = (file: string) => file === 'name'

describe('what was read of a commit', () => {
  it('is not read again, while a branch and another url are asked anew', async () => {
    const root = temporaryFolder()
    const { folder, commit } = makeRepository(path.join(root, 'shop'))
    const source = gitSource({ mirrors: path.join(root, 'mirrors'), sourceRoots: [root], privateHosts: [] })
    const from = { serviceId: 'shop', url: folder, credentials: null }
    const sha = commit({ name: 'shop', other: 'x' })
    const first = await source.resolve(from, 'main')
    const tree = await source.readTree(from, sha, isName)
    expect(tree).toEqual({ paths: ['name', 'other'], files: { name: 'shop' } })
    renameSync(path.join(root, 'mirrors', 'shop.git'), path.join(root, 'aside'))
    expect(await source.resolve(from, sha)).toEqual(first)
    expect(await source.readTree(from, sha, isName)).toBe(tree)
    const elsewhere = makeRepository(path.join(root, 'elsewhere')).folder
    await expect(source.resolve({ ...from, url: elsewhere }, sha)).rejects.toThrow(sha)
    // For other eyes it is read.
    expect((await source.readTree(from, sha, (file) => file === 'other')).files).toEqual({ other: 'x' })
    const next = commit({ name: 'bar' })
    expect((await source.resolve(from, 'main')).sha).toBe(next)
    expect((await source.readTree(from, next, isName)).files).toEqual({ name: 'bar' })
  })

  it('is bounded: what was used least lately goes, and what is too large never comes', () => {
    const known = new KnownCommits()
    const of = (serviceId: string) => ({ serviceId, url: null, credentials: null })
    const files = (kib: number): FileTree => ({ paths: ['a'], files: { a: 'x'.repeat(kib * 1024) } })
    const keep = (name: string, kib: number) =>
      known.keep(of(name), name, { seen: { by: isName, files: files(kib) } })
    keep('huge', 20_001)
    keep('first', 15_000)
    keep('second', 15_000)
    known.of(of('first'), 'first')
    keep('third', 15_000)
    const left = ['huge', 'first', 'second', 'third'].filter((name) => known.of(of(name), name).seen)
    expect(left).toEqual(['first', 'third'])
    for (let again = 0; again < 10; again++) keep('third', 15_000)
    expect(known.of(of('first'), 'first').seen).toBeDefined()
  })
})
