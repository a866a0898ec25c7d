// A workspace in the file storage.

import { createStorage } from 'unstorage'
import { expect, it } from 'vitest'
import { createWorkspaceStorage } from '../../../src/services/conversation/workspace-storage.ts'
import { fakeClock } from '../../harness/clock.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

it('keeps files with their time, and lists them', async () => {
  const [files, clock] = [createStorage(), fakeClock()]
  const workspace = createWorkspaceStorage(files, 'main', clock)
  expect(workspace.root).toBe('workspace:main')
  expect([await workspace.list(''), await workspace.list('notes'), await workspace.read('a.md', 100)]).toEqual([[], null, null])
  await workspace.write('a.md', bytes('one'))
  await clock.advance(1000)
  await workspace.write('notes/deep/b.md', bytes('three'))
  expect(await workspace.read('a.md', 100)).toEqual({ bytes: bytes('one'), updatedAtMs: clock.now() - 1000 })
  expect(await workspace.read('a.md', 2)).toBe('too-large')
  expect((await workspace.list(''))!.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([{ name: 'a.md', kind: 'file', size: 3, updatedAtMs: clock.now() - 1000 }, { name: 'notes', kind: 'directory' }])
  expect(await workspace.list('notes/deep')).toEqual([{ name: 'b.md', kind: 'file', size: 5, updatedAtMs: clock.now() }])
  expect(await workspace.list('a.md')).toBeNull()
  expect(await workspace.read('', 100)).toBeNull()
})

it('has nothing of another one', async () => {
  const [files, clock] = [createStorage(), fakeClock()]
  const [one, two] = ['one', 'one-more'].map((id) => createWorkspaceStorage(files, id, clock)) as [ReturnType<typeof createWorkspaceStorage>, ReturnType<typeof createWorkspaceStorage>]
  await two.write('b.md', bytes('x'))
  expect(await one.list('')).toEqual([])
  expect(await one.trash()).toEqual({ moved: false })
  expect(await two.read('b.md', 10)).not.toBeNull()
})

it('is put where it can still be found', async () => {
  const [files, clock] = [createStorage(), fakeClock()]
  const workspace = createWorkspaceStorage(files, 'main', clock)
  await workspace.write('a.md', bytes('kept'))
  expect(await workspace.trash()).toEqual({ moved: true })
  expect(await workspace.list('')).toEqual([])
  const [key] = await files.getKeys('trash')
  expect(key).toBe(`trash:${clock.now()}:workspace:main:a.md`)
  expect(new TextDecoder().decode((await files.getItemRaw<Uint8Array>(key!))!)).toBe('kept')
})
